//! The language and the text size that a person prefers, kept with the account.

use askama::Template;
use axum::extract::State;
use proto::identity::v1::SetPreferencesRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    cookie,
    describe::{LanguageCode, TextSize},
    form::{FormRoute, Input, Routes, form},
    i18n::filters,
    page::{Page, Parent, View},
    problem::Problem,
    sessions::{OwnViewer, Viewer},
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(show, submit), FormRoute::of::<Preferences>().of_account())
}

/// The person's preferences.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/account/preferences.html")]
pub struct PreferencesView {
    /// The language of pages and messages.
    #[schema(value_type = LanguageCode)]
    pub language: String,
    /// The text size of pages.
    #[schema(value_type = TextSize)]
    pub text_size: String,
    #[serde(skip)]
    pub fields: PreferencesFields,
}

impl View for PreferencesView {
    const TITLE: &'static str = "preferences-title";

    fn parent(&self) -> Option<Parent> {
        Some(super::parent::PARENT)
    }
}

/// The person's preferences.
#[utoipa::path(get, path = "/account/preferences", tag = "account", security(("session" = [])),
    responses((status = 200, body = PreferencesView)))]
async fn show(OwnViewer(session): OwnViewer) -> Page {
    let (language, text_size) = (session.facts.language.clone(), session.facts.text_size.clone());
    Page::show(PreferencesView { language, text_size, fields: PreferencesFields::default() })
}

form! {
    /// The person's preferences from now on.
    #[derive(Serialize)]
    pub struct Preferences, shown as PreferencesFields {
        /// The language of pages and messages.
        #[schema(value_type = LanguageCode)]
        hidden language: String,
        /// The text size of pages.
        #[schema(value_type = TextSize)]
        hidden text_size: String,
    }
}

/// Save the person's preferences.
#[utoipa::path(post, path = "/account/preferences", tag = "account", request_body = Preferences,
    security(("session" = [])), responses((status = 200, body = Preferences)))]
async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Preferences>,
) -> Result<Page, Problem> {
    let request =
        SetPreferencesRequest { language: form.language.clone(), text_size: form.text_size.clone() };
    app.services.identity_for(&session).set_preferences(request).await?;
    app.sessions.forget(&session.facts.account_id).await;
    let page = Page::done(&form, "/account").with_cookie(cookie::flash("preferences-kept"));
    // The language in this browser's cookie would overrule the account's, so the cookie is removed.
    Ok(page.with_cookie(cookie::removal(cookie::LANGUAGE)))
}
