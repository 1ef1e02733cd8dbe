//! The OpenAPI description of the JSON resources (API-02).

use axum::{Json, Router, routing::get};
use utoipa::openapi::OpenApi;

use crate::app::App;

/// The route that serves the OpenAPI description.
pub fn routes(document: OpenApi) -> Router<App> {
    Router::new().route("/api/v1/openapi.json", get(move || async move { Json(document) }))
}
