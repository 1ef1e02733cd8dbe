//! The size limit of request bodies, and what happens to a larger body.

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use http_body_util::LengthLimitError;

use crate::problem::Problem;

/// The largest request body that is taken, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// How many bytes of a body that is too large are read and thrown away. An answer while the browser still
/// sends would cut the connection, and the browser would then show a connection error in place of the answer.
const DRAIN_LIMIT: usize = 8 * 1024 * 1024;

/// How long reading a body may take.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The layer that reads the body before the routes run. The layer passes on at most [`BODY_LIMIT`] bytes and
/// one more: by the extra byte the routes see that the body is too large.
/// A request that changes nothing has no body that any route reads.
pub async fn read_body(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(READ_TIMEOUT, read_limited(body)).await {
        Ok(Ok(body)) => Body::from(body),
        Ok(Err(error)) => failing_body(error),
        Err(elapsed) => failing_body(axum::Error::new(elapsed)),
    };
    next.run(Request::from_parts(parts, body)).await
}

async fn read_limited(body: Body) -> Result<Bytes, axum::Error> {
    let (mut chunks, mut kept, mut seen) = (body.into_data_stream(), BytesMut::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        seen += chunk.len();
        let room = BODY_LIMIT + 1 - kept.len();
        kept.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if seen > DRAIN_LIMIT {
            break;
        }
    }
    Ok(kept.freeze())
}

/// The problem with a body that failed to be read: the body is too large, or only a part of it came.
pub fn problem(error: axum::Error) -> Problem {
    let is_length = error.into_inner().is::<LengthLimitError>();
    if is_length { Problem::too_large() } else { Problem::unreadable() }
}

/// A body that fails when a route reads it, so that no route takes a part for the whole.
fn failing_body(error: axum::Error) -> Body {
    Body::from_stream(stream::iter([Err::<Bytes, _>(error)]))
}
