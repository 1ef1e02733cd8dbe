//! Health, for operators: alive is one thing, ready another.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::app::App;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/healthz/live", get(|| async { StatusCode::OK })).route("/healthz/ready", get(ready))
}

/// Ready when every service serves and changes are heard.
async fn ready(State(app): State<App>) -> StatusCode {
    if app.live.is_connected() && app.services.are_serving().await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
