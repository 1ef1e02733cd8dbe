//! Health, for operators: live while the process runs, ready while it can serve pages.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::app::App;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/healthz/live", get(|| async { StatusCode::OK })).route("/healthz/ready", get(ready))
}

/// Ready while every service serves and events are received.
async fn ready(State(app): State<App>) -> StatusCode {
    if app.live.is_connected() && app.services.are_serving().await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
