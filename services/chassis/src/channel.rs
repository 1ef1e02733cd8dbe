//! gRPC out: channels that connect when they are used, with deadlines, the caller's token and the trace context.

use std::time::Duration;

use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{
    body::Body,
    transport::{self, Endpoint},
};
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::telemetry;

/// How long a call may take, whatever the service behind it does.
pub const DEADLINE: Duration = Duration::from_secs(4);

/// A gRPC channel to one service, with what is added to each call: the caller's token and the trace context. Cheap to
/// clone.
pub type Channel = BoxCloneSyncService<Request<Body>, Response<Body>, transport::Error>;

/// A channel to a service; connects at first use, and again whenever it has to.
///
/// # Errors
/// When the address is not one.
pub fn connect(address: &str) -> Result<transport::Channel, transport::Error> {
    Ok(endpoint(address)?.timeout(DEADLINE).connect_lazy())
}

/// A channel for streams, such as an import: no deadline, wide windows.
///
/// # Errors
/// When the address is not one.
pub fn connect_streaming(address: &str) -> Result<transport::Channel, transport::Error> {
    Ok(endpoint(address)?
        .initial_stream_window_size(4 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .connect_lazy())
}

fn endpoint(address: &str) -> Result<Endpoint, transport::Error> {
    Ok(Endpoint::from_shared(address.to_owned())?
        .connect_timeout(Duration::from_secs(1))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(3))
        .keep_alive_while_idle(true))
}

/// The channel with a token on every call.
#[must_use]
pub fn with_token(channel: transport::Channel, token: &str) -> Channel {
    let token = HeaderValue::try_from(format!("Bearer {token}")).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    });
    BoxCloneSyncService::new(tower::service_fn(move |mut request: Request<Body>| {
        if let Some(token) = token.clone() {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        telemetry::inject(request.headers_mut());
        let channel = channel.clone();
        async move { channel.oneshot(request).await }
    }))
}

/// The channel without any token: for methods whose credential is in the request.
#[must_use]
pub fn without_token(channel: transport::Channel) -> Channel {
    BoxCloneSyncService::new(channel)
}

/// Whether the service behind a channel says that it serves.
pub async fn is_serving(channel: transport::Channel, service: &str) -> bool {
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let request = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
    health.check(request).await.is_ok_and(|answer| {
        answer.into_inner().status() == tonic_health::pb::health_check_response::ServingStatus::Serving
    })
}
