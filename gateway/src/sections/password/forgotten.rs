//! Asking for a new password. The answer is always the same, so that it does not reveal who has an account.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State};
use proto::identity::v1::StartPasswordResetRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    browser::Browser,
    cookie,
    form::{FormFields, Input, form},
    i18n::filters,
    organisation::Organisation,
    page::{FormState, Page, View},
    problem::Problem,
};

form! {
    /// The account whose password was forgotten.
    pub struct Forgotten, shown as ForgottenFields {
        /// The organisation's name, where the host serves several organisations (T27).
        hidden organisation: String,
        /// The user name.
        shown username: String,
        /// The e-mail address, where the organisation asks for it (V13).
        shown email: String,
    }
}

/// The form that asks for a new password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/password/forgotten.html")]
pub struct ForgottenView {
    /// Whether the organisation has to be typed.
    pub asks_organisation: bool,
    /// Whether the e-mail address has to be typed.
    pub asks_email: bool,
    #[serde(skip)]
    pub fields: ForgottenFields,
    #[serde(skip)]
    pub form: FormState,
}

impl ForgottenView {
    /// The form of an organisation; `None`: the organisation is not known yet.
    #[must_use]
    pub fn new(organisation: Option<&Organisation>, form: FormState) -> Self {
        let rules = organisation.and_then(|found| found.settings.password);
        Self {
            asks_organisation: organisation.is_none(),
            // Until the organisation is known, the form asks for the address as well.
            asks_email: rules.is_none_or(|rules| rules.reset_asks_email),
            form,
            ..Self::default()
        }
    }

    /// The Fluent key of the hint at the e-mail address: an organisation that is not known yet may not need the address.
    fn email_hint(&self, is_remembered: bool) -> &'static str {
        if self.asks_organisation || is_remembered { "forgotten-email-hint" } else { "" }
    }
}

impl View for ForgottenView {
    const TITLE: &'static str = "forgotten-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// A new password was asked for.
#[derive(Serialize, ToSchema)]
pub struct Asked {
    /// Always true.
    asked: bool,
}

/// The form that asks for a new password.
#[utoipa::path(get, path = "/password/forgotten", tag = "password", responses((status = 200, body = ForgottenView)))]
pub async fn show(organisation: Option<Extension<Arc<Organisation>>>) -> Page {
    Page::show(ForgottenView::new(organisation.as_deref().map(|it| &**it), FormState::default()))
}

/// Ask for a new password (T26–T30, V12–V14, H8–H9). The answer is the same
/// whether the account exists or not.
#[utoipa::path(post, path = "/password/forgotten", tag = "password", request_body = Forgotten,
    responses((status = 200, body = Asked)))]
pub async fn submit(
    State(app): State<App>,
    by_host: Option<Extension<Arc<Organisation>>>,
    browser: Browser,
    Input(form): Input<Forgotten>,
) -> Result<Page, Problem> {
    if let Err(problem) = missing(&form, by_host.as_deref().map(|it| &**it)) {
        let fields = ForgottenFields::filled(&form, &problem);
        let view =
            ForgottenView::new(by_host.as_deref().map(|it| &**it), FormState::refused(problem.clone()));
        return Ok(Page::refused(problem, ForgottenView { fields, ..view }));
    }
    let organisation = match by_host {
        Some(Extension(organisation)) if form.organisation.is_empty() => Some(organisation),
        _ => app.organisations.by_name(&form.organisation).await?,
    };
    let request = StartPasswordResetRequest {
        organisation_id: organisation.map(|found| found.id.clone()).unwrap_or_default(),
        username: form.username,
        email: form.email,
        address: browser.address,
    };
    app.services.identity()?.start_password_reset(request).await?;
    Ok(Page::done(&Asked { asked: true }, "/login").with_cookie(cookie::flash("reset-asked")))
}

/// Refuses a form with an empty field. The e-mail address may be empty where the organisation is typed: an error only for
/// the names of some organisations would reveal which exist.
fn missing(form: &Forgotten, by_host: Option<&Organisation>) -> Result<(), Problem> {
    let names = ForgottenFields::default();
    let mut asked = Vec::new();
    if by_host.is_none() {
        asked.push((names.organisation.name, form.organisation.as_str()));
    }
    asked.push((names.username.name, form.username.as_str()));
    let rules = by_host.filter(|_| form.organisation.is_empty()).and_then(|found| found.settings.password);
    if rules.is_some_and(|rules| rules.reset_asks_email) {
        asked.push((names.email.name, form.email.as_str()));
    }
    Problem::of_missing(&asked)
}
