//! The sections of the portal: each has its routes, handlers and views.

pub mod api;
pub mod health;
mod language;
pub mod live;
mod login;
mod reports;
mod start;

use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::App, problem::Problem};

/// The routes that are both pages and JSON.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(start::routes())
        .merge(login::routes())
        .merge(reports::routes())
        .merge(language::routes())
}

/// Whatever has no route.
pub async fn not_found() -> impl IntoResponse {
    Problem::not_found()
}
