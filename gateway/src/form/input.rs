//! The body of a write: a form of a page or a JSON document, read into the same type.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::IntoResponse,
};
use serde::de::DeserializeOwned;

use crate::{page::Representation, problem::Problem, security::media_type};

/// The media type of a form of a page.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// The byte-order mark, which some programs put before a text (RFC 8259 §8.1).
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The body of a write: a form of a page, or a JSON document.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let representation = request.extensions().get::<Representation>().copied();
        let kind = media_type(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::too_large()
            } else {
                Problem::unreadable()
            }
        })?;
        let input = match representation {
            Some(Representation::Json) if kind == "application/json" => read_object(&body),
            Some(Representation::Html) | None if kind == MEDIA_TYPE => {
                serde_urlencoded::from_bytes(&body).ok()
            }
            _ => None,
        };
        input.map(Self).ok_or_else(Problem::unreadable)
    }
}

/// Reads a JSON object. An array is not one, although serde would take its values for the fields in their order.
fn read_object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let body = body.strip_prefix(BOM).unwrap_or(body);
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok()).flatten()
}
