//! Language and size of text, kept with the account.

use askama::Template;
use axum::extract::State;
use proto::identity::v1::SetPreferencesRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    form::Input,
    i18n::filters,
    page::{Page, View},
    problem::Problem,
    render::{FLASH, LANGUAGE},
    session::{self, Viewer},
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, submit))
}

/// What one prefers.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/account/preferences.html")]
struct PreferencesView {
    /// `nl` or `en`.
    language: String,
    /// `normal`, `large` or `largest`.
    text_size: String,
}

impl View for PreferencesView {
    const TITLE: &'static str = "preferences-title";
}

/// What one prefers.
#[utoipa::path(get, path = "/account/preferences", tag = "account", security(("session" = [])),
    responses((status = 200, body = PreferencesView)))]
async fn show(Viewer(session): Viewer) -> Page {
    let (language, text_size) = (session.facts.language.clone(), session.facts.text_size.clone());
    Page::show(PreferencesView { language, text_size })
}

/// What one prefers from now on.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Preferences {
    /// `nl` or `en`.
    language: String,
    /// `normal`, `large` or `largest`.
    text_size: String,
}

/// Keep what one prefers.
#[utoipa::path(post, path = "/account/preferences", tag = "account", request_body = Preferences,
    security(("session" = [])), responses((status = 200, body = Preferences)))]
async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Preferences>,
) -> Result<Page, Problem> {
    let request =
        SetPreferencesRequest { language: form.language.clone(), text_size: form.text_size.clone() };
    app.clients.identity_for(&session).set_preferences(request).await?;
    app.sessions.forget(&session.facts.account_id).await;
    let flash = session::cookie(FLASH, "preferences-kept".to_owned());
    // What was chosen for this browser alone would hide it.
    Ok(Page::done(&form, "/account").with_cookie(flash).with_cookie(session::removal(LANGUAGE)))
}
