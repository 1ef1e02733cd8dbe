//! The sections of the portal, each with its routes, handlers and views.

mod account;
pub mod api;
mod clients;
pub mod health;
mod impersonate;
mod language;
pub mod live;
mod login;
mod password;
mod reports;
mod session;
mod start;
mod step_up;
mod table;
mod terms;
mod users;

use axum::response::IntoResponse;

pub use self::{
    login::LoginView,
    step_up::{StepUpView, step_up_path},
    table::{section_of, visible},
};
use crate::{form::Routes, problem::Problem};

/// The routes that are both pages and JSON.
pub fn routes() -> Routes {
    Routes::new()
        .merge(start::routes())
        .merge(login::routes())
        .merge(reports::routes())
        .merge(language::routes())
        .merge(password::routes())
        .merge(account::routes())
        .merge(step_up::routes())
        .merge(clients::routes())
        .merge(users::routes())
        .merge(terms::routes())
        .merge(session::routes())
        .merge(impersonate::routes())
}

/// The answer to a path or method without a route.
pub async fn not_found() -> impl IntoResponse {
    Problem::not_found()
}
