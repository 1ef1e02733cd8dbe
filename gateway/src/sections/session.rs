//! How long the session lasts, and keeping it alive (A11Y-06).

use axum::{extract::State, http::HeaderMap};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    cookie,
    form::{FormRoute, Routes},
    page::Page,
    problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(show, extend), FormRoute::button().without_stamp().on_page("/"))
}

/// How long the session still lasts.
#[derive(Serialize, ToSchema)]
struct SessionLife {
    /// Seconds until the session ends, if no request keeps it alive before.
    idle_seconds: i64,
}

/// How long the session still lasts. With the header `X-Passive`, the request does not keep the session
/// alive.
#[utoipa::path(get, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = SessionLife)))]
async fn show(State(app): State<App>, Viewer(session): Viewer) -> Page {
    let until = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
    Page::done(&SessionLife { idle_seconds: until - app.clock.now().as_second() }, "/")
}

/// Keep the session alive, because the person asked for it.
#[utoipa::path(post, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = SessionLife)))]
async fn extend(State(app): State<App>, _viewer: Viewer, headers: HeaderMap) -> Result<Page, Problem> {
    let token = cookie::session_token(&headers).ok_or_else(Problem::unauthenticated)?;
    let until = app.sessions.extend(&token).await?;
    Ok(Page::done(&SessionLife { idle_seconds: until - app.clock.now().as_second() }, "/"))
}
