//! How much a request may carry, and what happens to the rest.

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use http_body_util::LengthLimitError;

use crate::problem::Problem;

/// The most that a request may carry, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// What is read and thrown away of a body that is too large. Whoever answers while the other side still writes cuts the
/// connection, and a browser then shows that in place of the answer.
const DRAIN_LIMIT: usize = 8 * 1024 * 1024;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The layer: takes in the body, as far as it may go and one byte more, by which the routes know that it is too large.
pub async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(PATIENCE, take(body)).await {
        Ok(Ok(body)) => Body::from(body),
        Ok(Err(error)) => cut(error),
        Err(elapsed) => cut(axum::Error::new(elapsed)),
    };
    next.run(Request::from_parts(parts, body)).await
}

async fn take(body: Body) -> Result<Bytes, axum::Error> {
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

/// Why a body cannot be taken: it is larger than it may be, or came in part.
pub fn problem(error: axum::Error) -> Problem {
    let is_length = error.into_inner().is::<LengthLimitError>();
    if is_length { Problem::too_large() } else { Problem::unreadable() }
}

/// A body that came in part is none.
fn cut(error: axum::Error) -> Body {
    Body::from_stream(stream::iter([Err::<Bytes, _>(error)]))
}
