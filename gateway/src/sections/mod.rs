//! The sections of the portal, each with its routes, handlers and views.

mod account;
pub mod api;
mod clients;
mod entry;
pub mod health;
mod impersonate;
mod language;
pub mod live;
mod login;
mod password;
mod records;
mod session;
mod start;
mod step_up;
pub mod styleguide;
mod table;
mod terms;
mod users;

use axum::{
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};

pub use self::{
    login::LoginView,
    step_up::{StepUpView, step_up_path},
    table::{menu_items, sections_of},
};
use crate::{form::Routes, problem::Problem};

/// The routes that are both pages and JSON.
pub fn routes() -> Routes {
    Routes::new()
        .merge(start::routes())
        .merge(login::routes())
        .merge(records::routes())
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

/// The answer to a path without a route. A path that ends in a slash leads to the same path without.
pub async fn not_found(uri: Uri) -> Response {
    let path = uri.path().strip_suffix('/').unwrap_or_default();
    // A path that begins with two slashes would lead to another host.
    let leads_here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if !leads_here {
        return Problem::not_found().into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{path}{query}")).into_response()
}

/// The answer to a method that a path does not have.
pub async fn method_not_allowed() -> impl IntoResponse {
    Problem::method_not_allowed()
}
