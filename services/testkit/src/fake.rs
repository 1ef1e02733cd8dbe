//! A fake service, for tests of the gateway: the gateway knows services only by their contract.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, response::IntoResponse};
use bytes::Bytes;
use chassis::server::Listener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tower::layer::util::Identity;

use crate::grpc::AsBytes;

type Answer = dyn Fn(&str, &[u8]) -> Result<Vec<u8>, Status> + Send + Sync;

/// A fake service that runs until it is dropped.
pub struct Fake {
    /// The URL that the service listens on.
    pub address: String,
    calls: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct FakeState {
    answer: Arc<Answer>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Starts a service. `answer` gets the method's path and the encoded request.
    pub async fn start(
        answer: impl Fn(&str, &[u8]) -> Result<Vec<u8>, Status> + Send + Sync + 'static,
    ) -> Self {
        let calls = Arc::default();
        let state = FakeState { answer: Arc::new(answer), calls: Arc::clone(&calls) };
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", listener.address().unwrap());
        let routes = Routes::from(Router::new().fallback(serve).with_state(state));
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(routes, Identity::new(), stop.clone()));
        Self { address, calls, _stop: stop.drop_guard() }
    }

    /// Whether a method was called since the last take.
    #[must_use]
    pub fn has_call(&self, method: &str) -> bool {
        self.calls.lock().unwrap().iter().any(|call| call == method)
    }

    /// Takes the names of the methods that were called since the last take, in the order of the calls.
    #[expect(clippy::must_use_candidate, reason = "a test may take the calls only to forget them")]
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

async fn serve(State(state): State<FakeState>, request: axum::extract::Request) -> impl IntoResponse {
    let path = request.uri().path().to_owned();
    let method = path.rsplit('/').next().unwrap_or_default().to_owned();
    state.calls.lock().unwrap().push(method);
    let answer = tower::service_fn(move |request: Request<Bytes>| {
        let answer = (state.answer)(&path, request.get_ref());
        std::future::ready(answer.map(|bytes| Response::new(Bytes::from(bytes))))
    });
    Grpc::new(AsBytes).unary(answer, request).await
}
