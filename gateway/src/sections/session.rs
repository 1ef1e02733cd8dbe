//! The session: how long it lasts, and going on with it (A11Y-06).

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

/// How long the session lasts.
#[derive(Serialize, ToSchema)]
struct Lasts {
    /// Seconds until it ends if nothing is asked before.
    idle_seconds: i64,
}

/// How long the session lasts. Asked with `X-Passive`, it does not keep it alive.
#[utoipa::path(get, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Lasts)))]
async fn show(State(app): State<App>, Viewer(session): Viewer) -> Page {
    let until = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
    Page::done(&Lasts { idle_seconds: until - app.clock.now().as_second() }, "/")
}

/// Go on with the session, which was asked for by the person.
#[utoipa::path(post, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Lasts)))]
async fn extend(State(app): State<App>, _viewer: Viewer, headers: HeaderMap) -> Result<Page, Problem> {
    let token = cookie::session_token(&headers).ok_or_else(Problem::unauthenticated)?;
    let until = app.sessions.extend(&token).await?;
    Ok(Page::done(&Lasts { idle_seconds: until - app.clock.now().as_second() }, "/"))
}
