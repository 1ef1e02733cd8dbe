//! The people who have access, and those who were invited.

use axum::extract::State;
use proto::identity::v1::{AccessEntry, ListAccessRequest, ListAccessResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{AccessView, UsersView};
use crate::{app::App, page::Page, problem::Problem, session::Session, sessions::Viewer};

/// The access that was changed.
#[derive(Serialize, ToSchema)]
pub struct UserOutcome {
    /// The id of the access.
    pub id: String,
}

/// All who have access to the chosen client's dossier, and those who were invited.
pub async fn list_access(app: &App, session: &Session) -> Result<ListAccessResponse, Problem> {
    Ok(app.services.identity_for(session).list_access(ListAccessRequest {}).await?.into_inner())
}

/// The entry of a person whose rights the logged-in person may change, and the whole list. Any other entry is
/// answered as if it did not exist.
pub async fn changeable_entry(
    app: &App,
    session: &Session,
    id: &str,
) -> Result<(AccessEntry, ListAccessResponse), Problem> {
    let answer = list_access(app, session).await?;
    let entry = answer.entries.iter().find(|entry| entry.access_id == id && entry.may_change).cloned();
    Ok((entry.ok_or_else(Problem::not_found)?, answer))
}

/// Who has access today (P83).
#[utoipa::path(get, path = "/access", tag = "users", security(("session" = [])),
    responses((status = 200, body = AccessView)))]
pub async fn show_access(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    Ok(Page::show(AccessView::new(list_access(&app, &session).await?, app.clock.now())))
}

/// Who was invited and who has which rights (V45, V48).
#[utoipa::path(get, path = "/users", tag = "users", security(("session" = [])),
    responses((status = 200, body = UsersView)))]
pub async fn show(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    Ok(Page::show(UsersView::new(list_access(&app, &session).await?)))
}
