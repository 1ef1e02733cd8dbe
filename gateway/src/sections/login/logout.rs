//! Logging out, at once or after one more question.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    cookie,
    i18n::filters,
    page::{Page, View},
    problem::Problem,
    sessions::Viewer,
};

/// Asks whether to log out (V52, H32).
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/login/logout.html")]
pub struct LogoutView {}

impl View for LogoutView {
    const TITLE: &'static str = "logout-title";
}

/// The person is logged out.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    /// Always true.
    logged_out: bool,
}

/// The question whether to log out.
#[utoipa::path(get, path = "/logout", tag = "login", responses((status = 200, body = LogoutView)))]
pub async fn show() -> Page {
    Page::show(LogoutView {})
}

/// End the session (T88, P53). The browser is told to delete the pages that it has kept.
#[utoipa::path(post, path = "/logout", tag = "login", security(("session" = [])),
    responses((status = 200, body = LoggedOut)))]
pub async fn submit(State(app): State<App>, viewer: Result<Viewer, Problem>) -> Result<Response, Problem> {
    if let Ok(Viewer(session)) = viewer {
        app.sessions.end(&session).await?;
    }
    let page = Page::done(&LoggedOut { logged_out: true }, "/login")
        .with_cookie(cookie::removal(cookie::SESSION))
        .with_cookie(cookie::removal(cookie::LOGIN))
        .with_cookie(cookie::removal(cookie::PROOF))
        .with_cookie(cookie::removal(cookie::ORGANISATION))
        .with_cookie(cookie::flash("logged-out"));
    let mut response = page.into_response();
    let clear = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(clear, HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}
