//! The body of a write: a form of a page or a JSON document, read into the same type.

use axum::{
    Form, Json,
    extract::{FromRequest, Request, rejection::FormRejection, rejection::JsonRejection},
    http::StatusCode,
};
use serde::de::DeserializeOwned;

use crate::{page::Representation, problem::Problem};

/// The body of a write: a form of a page, or a JSON document.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let representation = request.extensions().get::<Representation>().copied();
        let status = match representation {
            Some(Representation::Json) => match Json::<T>::from_request(request, state).await {
                Ok(Json(body)) => return Ok(Self(body)),
                Err(rejection) => JsonRejection::status(&rejection),
            },
            _ => match Form::<T>::from_request(request, state).await {
                Ok(Form(body)) => return Ok(Self(body)),
                Err(rejection) => FormRejection::status(&rejection),
            },
        };
        Err(if status == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large()
        } else {
            Problem::unreadable()
        })
    }
}
