//! A service that is made up: for tests of the gateway, which knows services by the contract alone.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, response::IntoResponse};
use bytes::Bytes;
use chassis::server::Bound;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tower::layer::util::Identity;

use crate::grpc::AsBytes;

type Answer = dyn Fn(&str, &[u8]) -> Result<Vec<u8>, Status> + Send + Sync;

/// A made-up service that runs until it is dropped.
pub struct Fake {
    /// Where it listens.
    pub address: String,
    calls: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Desk {
    answer: Arc<Answer>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Starts one that answers by the method's path and the encoded request.
    pub async fn start(
        answer: impl Fn(&str, &[u8]) -> Result<Vec<u8>, Status> + Send + Sync + 'static,
    ) -> Self {
        let calls = Arc::default();
        let desk = Desk { answer: Arc::new(answer), calls: Arc::clone(&calls) };
        let bound = Bound::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", bound.address().unwrap());
        let routes = Routes::from(Router::new().fallback(serve).with_state(desk));
        let stop = CancellationToken::new();
        tokio::spawn(bound.serve(routes, Identity::new(), stop.clone()));
        Self { address, calls, _stop: stop.drop_guard() }
    }

    /// The methods that were called since this was last asked, in their order; they are forgotten.
    #[expect(clippy::must_use_candidate, reason = "to forget them is a use")]
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

async fn serve(State(desk): State<Desk>, request: axum::extract::Request) -> impl IntoResponse {
    let path = request.uri().path().to_owned();
    let method = path.rsplit('/').next().unwrap_or_default().to_owned();
    desk.calls.lock().unwrap().push(method);
    let answer = tower::service_fn(move |request: Request<Bytes>| {
        let answer = (desk.answer)(&path, request.get_ref());
        std::future::ready(answer.map(|bytes| Response::new(Bytes::from(bytes))))
    });
    Grpc::new(AsBytes).unary(answer, request).await
}
