//! Health, for operators: live while the process runs, ready while it can serve pages.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use crate::app::App;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/healthz/live", get(|| async { StatusCode::OK })).route("/healthz/ready", get(ready))
}

/// What the gateway can reach.
#[derive(Serialize)]
struct Readiness {
    /// Whether identity accepts the gateway's calls. Nothing works without it.
    identity: bool,
    /// The services that do not serve: their pages say so, and the others work.
    away: Vec<&'static str>,
    /// Whether events are received. Without them pages are not live, and every request asks identity.
    events: bool,
}

/// Ready while identity answers. All replicas see the same services: if one that is away made them unready, nobody
/// would get any page.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let (identity, away) = tokio::join!(app.services.identity_answers(), app.services.away());
    let readiness = Readiness { identity, away, events: app.live.is_connected() };
    metrics::gauge!("services_away").set(u32::try_from(readiness.away.len()).unwrap_or(u32::MAX));
    metrics::gauge!("events_received").set(u8::from(readiness.events));
    let status = if identity { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
