//! gRPC in: one way to serve, with no-delay sockets, health, reflection by setting, limits and a graceful end.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{service::Routes, transport::server::TcpIncoming};
use tonic_health::ServingStatus;
use tower::Layer;

/// How long a call may take where the caller does not say.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long running calls may take to end after the signal (OPS-02: within 25 s).
const GRACE: Duration = Duration::from_secs(20);

/// A listening socket, bound before anything else so that a taken port is said at once.
#[derive(Debug)]
pub struct Bound(TcpListener);

impl Bound {
    /// Binds.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until the token is cancelled and running calls have ended.
    ///
    /// # Errors
    /// When serving fails.
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
            .http2_adaptive_window(Some(true))
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

/// Says whether services are ready, to those who ask by the gRPC health protocol.
#[derive(Clone)]
pub struct Health(tonic_health::server::HealthReporter);

impl Health {
    /// Sets whether a service is ready.
    pub async fn report(&self, service: &str, ready: bool) {
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(service, status).await;
    }
}

/// Adds health, and reflection where it is wanted.
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
