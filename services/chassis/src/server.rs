//! Incoming gRPC: every process serves in the same way, with time limits, health checks, reflection by
//! setting and a graceful stop.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{service::Routes, transport::server::TcpIncoming};
use tonic_health::ServingStatus;
use tower::Layer;

use crate::channel::{CONNECTION_WINDOW, STREAM_WINDOW};

/// How long a call may take. A caller that sends a shorter deadline gets its own.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long running calls may take to finish after the stop signal (OPS-02: 25 s for the whole process).
const GRACE: Duration = Duration::from_secs(13);

/// A listening socket. A process binds it before all other work, so that it reports a port in use at once.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Binds a socket to the address.
    ///
    /// # Errors
    /// When the address is in use or not of this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// The address of the socket, with the real port where port 0 was asked for.
    ///
    /// # Errors
    /// When the operating system no longer knows the socket.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until `shutdown` is cancelled and the running calls have finished, at most 13 s later.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve<L, S>(
        self,
        routes: Routes,
        layer: L,
        shutdown: CancellationToken,
    ) -> Result<(), tonic::transport::Error>
    where
        L: Layer<Routes, Service = S> + Clone + Send + Sync + 'static,
        S: tower::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<tonic::body::Body>,
                Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
                Future: Send,
            > + Clone
            + Send
            + 'static,
    {
        let incoming = TcpIncoming::from(self.0).with_nodelay(Some(true));
        let server = tonic::transport::Server::builder()
            .timeout(DEADLINE)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .layer(layer)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned());
        tokio::select! {
            ended = server => ended,
            () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
        }
    }
}

/// Answers gRPC health checks: says for each service whether it is ready.
#[derive(Clone)]
pub struct Health(tonic_health::server::HealthReporter);

impl Health {
    /// Sets the answer for one service.
    pub async fn report(&self, service: &str, ready: bool) {
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(service, status).await;
    }
}

/// Adds the health service, and the reflection service if `reflection` is true.
#[must_use]
pub fn with_health(mut routes: Routes, reflection: bool) -> (Routes, Health) {
    let (reporter, health) = tonic_health::server::health_reporter();
    routes = routes.add_service(health);
    if reflection
        && let Ok(service) = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .build_v1()
    {
        routes = routes.add_service(service);
    }
    (routes, Health(reporter))
}
