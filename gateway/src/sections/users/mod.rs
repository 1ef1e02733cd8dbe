//! Who has access to the chosen client's dossier: seeing it, inviting, giving rights, ending.

mod invite;
mod rights;
mod views;

use axum::extract::State;
use proto::identity::v1::{AccessEntry, ListAccessRequest, ListAccessResponse};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::views::{AccessView, UsersView};
use crate::{
    app::App,
    page::Page,
    problem::Problem,
    session::{Session, Viewer},
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_access))
        .routes(routes!(show))
        .routes(routes!(invite::show, invite::submit))
        .routes(routes!(rights::show, rights::submit))
        .routes(routes!(rights::show_end, rights::end))
        .routes(routes!(rights::resend))
}

/// Somebody on the list.
#[derive(Serialize, ToSchema)]
pub struct UserOutcome {
    /// The account.
    id: String,
}

async fn list(app: &App, session: &Session) -> Result<ListAccessResponse, Problem> {
    Ok(app.clients.identity_for(session).list_access(ListAccessRequest {}).await?.into_inner())
}

/// The entry of somebody whose rights one may change; others are not there.
async fn changeable(
    app: &App,
    session: &Session,
    id: &str,
) -> Result<(AccessEntry, ListAccessResponse), Problem> {
    let answer = list(app, session).await?;
    let entry = answer.entries.iter().find(|entry| entry.access_id == id && entry.may_change).cloned();
    Ok((entry.ok_or_else(Problem::not_found)?, answer))
}

/// Who has access today (P83).
#[utoipa::path(get, path = "/access", tag = "users", security(("session" = [])),
    responses((status = 200, body = AccessView)))]
async fn show_access(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    Ok(Page::show(AccessView::of(list(&app, &session).await?, app.clock.now())))
}

/// Who was invited and who has which rights (V45, V48).
#[utoipa::path(get, path = "/users", tag = "users", security(("session" = [])),
    responses((status = 200, body = UsersView)))]
async fn show(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    Ok(Page::show(UsersView::of(list(&app, &session).await?)))
}
