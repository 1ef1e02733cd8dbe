//! Outgoing gRPC: channels that connect at first use, with a deadline, the caller's token and the trace
//! context.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{
    body::Body,
    transport::{self, Endpoint},
};
use tower::{Service, ServiceExt as _, util::Oneshot};

use crate::telemetry;

/// How long a call may take. After that the caller gets an error, even if the service still works on it.
pub const DEADLINE: Duration = Duration::from_secs(4);

/// How many bytes of one stream may wait to be read. A sender that is faster than the reader waits then.
pub(crate) const STREAM_WINDOW: u32 = 128 * 1024;
/// How many bytes of all streams of a connection may wait. HTTP/2 of hyper ends a connection when small frames that wait
/// cost more than half of this window, counting each frame as at least 256 bytes. With 128 times the window of a stream,
/// a stream of frames of 4 bytes and more is slowed by its own window before.
pub(crate) const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;

/// A gRPC channel to one service that adds the caller's token and the trace context to each call. Cheap to
/// clone.
#[derive(Clone)]
pub struct Channel {
    channel: transport::Channel,
    token: Option<HeaderValue>,
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = transport::Error;
    type Future = Oneshot<transport::Channel, Request<Body>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(token) = self.token.clone() {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        telemetry::inject(request.headers_mut());
        self.channel.clone().oneshot(request)
    }
}

/// A channel to a service. The channel connects at first use, and connects again after a lost connection.
///
/// # Errors
/// When the address cannot be parsed.
pub fn connect(address: &str) -> Result<transport::Channel, transport::Error> {
    Ok(endpoint(address)?.timeout(DEADLINE).connect_lazy())
}

/// A channel for streams, such as an import: no deadline.
///
/// # Errors
/// When the address cannot be parsed.
pub fn connect_streaming(address: &str) -> Result<transport::Channel, transport::Error> {
    Ok(endpoint(address)?.connect_lazy())
}

fn endpoint(address: &str) -> Result<Endpoint, transport::Error> {
    Ok(Endpoint::from_shared(address.to_owned())?
        .connect_timeout(Duration::from_secs(1))
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(3))
        .keep_alive_while_idle(true))
}

/// The channel, with this token sent on every call.
#[must_use]
pub fn with_token(channel: transport::Channel, token: &str) -> Channel {
    let token = HeaderValue::try_from(format!("Bearer {token}")).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    });
    Channel { channel, token }
}

/// The channel without a token: for methods whose credential is a field of the request.
#[must_use]
pub const fn without_token(channel: transport::Channel) -> Channel {
    Channel { channel, token: None }
}

/// Whether the service behind a channel answers SERVING to a gRPC health check.
pub async fn is_serving(channel: transport::Channel, service: &str) -> bool {
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let request = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
    health.check(request).await.is_ok_and(|answer| {
        answer.into_inner().status() == tonic_health::pb::health_check_response::ServingStatus::Serving
    })
}
