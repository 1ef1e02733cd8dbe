//! Changing one's own e-mail address and telephone number: a step-up first, then a code to the new one (T48, OTP-04).

use askama::Template;
use axum::{
    extract::{Query, State},
    http::HeaderMap,
};
use axum_extra::extract::cookie::CookieJar;
use proto::identity::v1::{
    ConfirmEmailChangeRequest, ConfirmPhoneChangeRequest, StartEmailChangeRequest, StartPhoneChangeRequest,
};
use serde::{Deserialize, Serialize};
use tonic::Status;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    form::Input,
    i18n::filters,
    page::{Page, View},
    problem::Problem,
    render::FLASH,
    sections::PROOF,
    session::{self, Session, Viewer},
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_email, start_email))
        .routes(routes!(confirm_email))
        .routes(routes!(show_phone, start_phone))
        .routes(routes!(confirm_phone))
}

/// A new address or number, or the code that went there.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/account/contact.html")]
struct ContactView {
    /// `email` or `phone`.
    kind: &'static str,
    /// As it is now.
    current: String,
    /// Whether a code was sent to the new one.
    is_sent: bool,
    #[serde(skip)]
    value: String,
    #[serde(skip)]
    problem: Option<Problem>,
}

impl ContactView {
    fn heading(&self) -> &'static str {
        View::title(self)
    }

    /// The key of words that differ by what is changed: `email-…` or `phone-…`.
    fn word(&self, end: &str) -> String {
        if self.kind == "phone" { format!("phone-{end}") } else { format!("email-{end}") }
    }

    /// The kind of field, as HTML names it.
    fn input(&self) -> &'static str {
        if self.kind == "phone" { "tel" } else { "email" }
    }

    /// The field that an error is about.
    fn target(&self) -> &'static str {
        if self.is_sent { "code" } else { self.kind }
    }

    fn error(&self, name: &str) -> Option<String> {
        let problem = self.problem.as_ref()?;
        problem.field(name).or_else(|| (name == "code" && self.is_sent).then(|| problem.word()))
    }
}

impl View for ContactView {
    const TITLE: &'static str = "change-email-title";

    fn title(&self) -> &'static str {
        if self.kind == "phone" { "change-phone-title" } else { Self::TITLE }
    }

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// How far the change is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Stage {
    /// A code was sent to the new one.
    sent: Option<bool>,
}

/// A new e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEmail {
    /// The new address.
    #[serde(default)]
    email: String,
    /// The proof of a step-up; pages have it in a cookie.
    #[serde(default)]
    proof: String,
}

/// A new telephone number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPhone {
    /// The new number.
    #[serde(default)]
    phone: String,
    /// The proof of a step-up; pages have it in a cookie.
    #[serde(default)]
    proof: String,
}

/// The code that came to the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    /// As typed.
    #[serde(default)]
    code: String,
}

/// How far a change is.
#[derive(Serialize, ToSchema)]
struct ContactChange {
    /// `code` to type the code that was sent, or `done`.
    step: &'static str,
}

fn proof(headers: &HeaderMap, sent: String) -> String {
    let cookie = || CookieJar::from_headers(headers).get(PROOF).map(|cookie| cookie.value().to_owned());
    if sent.is_empty() { cookie().unwrap_or_default() } else { sent }
}

async fn view(app: &App, session: &Session, kind: &'static str) -> Result<ContactView, Problem> {
    let account = super::account(app, session).await?;
    let current = if kind == "phone" { account.phone } else { account.email };
    Ok(ContactView { kind, current, ..ContactView::default() })
}

/// The form again where what was typed is wrong; what else it is, such as a step-up, goes its own way.
async fn refused(app: &App, session: &Session, problem: Problem, form: ContactView) -> Problem {
    let is_over = problem.reason == "STEP_UP_ENDED";
    if !problem.is_about_input() && !is_over {
        return problem;
    }
    match view(app, session, form.kind).await {
        Ok(fresh) => problem.clone().with_form(ContactView {
            current: fresh.current,
            is_sent: form.is_sent && !is_over,
            // A code that led to nothing is no address.
            value: if form.is_sent && is_over { String::new() } else { form.value.clone() },
            problem: Some(problem),
            ..form
        }),
        Err(other) => other,
    }
}

/// On to the code, where it was sent.
async fn started<T>(
    app: &App,
    session: &Session,
    answer: Result<T, Status>,
    form: ContactView,
) -> Result<Page, Problem> {
    match answer {
        Ok(_) => Ok(Page::done(&ContactChange { step: "code" }, format!("/account/{}?sent=true", form.kind))),
        Err(status) => Err(refused(app, session, status.into(), form).await),
    }
}

/// Back to the account, where the code was right.
async fn confirmed<T>(
    app: &App,
    session: &Session,
    answer: Result<T, Status>,
    form: ContactView,
) -> Result<Page, Problem> {
    match answer {
        Ok(_) => {
            let flash = session::cookie(FLASH, format!("{}-changed", form.kind));
            let page = Page::done(&ContactChange { step: "done" }, "/account");
            Ok(page.with_cookie(flash).with_cookie(session::removal(PROOF)))
        }
        Err(status) => Err(refused(app, session, status.into(), form).await),
    }
}

/// The form for a new e-mail address.
#[utoipa::path(get, path = "/account/email", tag = "account", params(Stage), security(("session" = [])),
    responses((status = 200, body = ContactView)))]
async fn show_email(
    State(app): State<App>,
    Viewer(session): Viewer,
    Query(stage): Query<Stage>,
) -> Result<Page, Problem> {
    let view = view(&app, &session, "email").await?;
    Ok(Page::show(ContactView { is_sent: stage.sent.unwrap_or_default(), ..view }))
}

/// Send a code to a new e-mail address (T45).
#[utoipa::path(post, path = "/account/email", tag = "account", request_body = NewEmail, security(("session" = [])),
    responses((status = 200, body = ContactChange), (status = 403, description = "A step-up comes first")))]
async fn start_email(
    State(app): State<App>,
    Viewer(session): Viewer,
    headers: HeaderMap,
    Input(form): Input<NewEmail>,
) -> Result<Page, Problem> {
    let request = StartEmailChangeRequest { email: form.email.clone(), proof: proof(&headers, form.proof) };
    let answer = app.clients.identity_for(&session).start_email_change(request).await;
    let form = ContactView { kind: "email", value: form.email, ..ContactView::default() };
    started(&app, &session, answer, form).await
}

/// Check the code that came to the new address; then it holds, and a user name that is the address follows (T48).
#[utoipa::path(post, path = "/account/email/confirm", tag = "account", request_body = Code,
    security(("session" = [])), responses((status = 200, body = ContactChange)))]
async fn confirm_email(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Code>,
) -> Result<Page, Problem> {
    let request = ConfirmEmailChangeRequest { code: form.code.clone() };
    let answer = app.clients.identity_for(&session).confirm_email_change(request).await;
    let form = ContactView { kind: "email", is_sent: true, value: form.code, ..ContactView::default() };
    confirmed(&app, &session, answer, form).await
}

/// The form for a new telephone number.
#[utoipa::path(get, path = "/account/phone", tag = "account", params(Stage), security(("session" = [])),
    responses((status = 200, body = ContactView)))]
async fn show_phone(
    State(app): State<App>,
    Viewer(session): Viewer,
    Query(stage): Query<Stage>,
) -> Result<Page, Problem> {
    let view = view(&app, &session, "phone").await?;
    Ok(Page::show(ContactView { is_sent: stage.sent.unwrap_or_default(), ..view }))
}

/// Send a code to a new telephone number (T45).
#[utoipa::path(post, path = "/account/phone", tag = "account", request_body = NewPhone, security(("session" = [])),
    responses((status = 200, body = ContactChange), (status = 403, description = "A step-up comes first")))]
async fn start_phone(
    State(app): State<App>,
    Viewer(session): Viewer,
    headers: HeaderMap,
    Input(form): Input<NewPhone>,
) -> Result<Page, Problem> {
    let request = StartPhoneChangeRequest { phone: form.phone.clone(), proof: proof(&headers, form.proof) };
    let answer = app.clients.identity_for(&session).start_phone_change(request).await;
    let form = ContactView { kind: "phone", value: form.phone, ..ContactView::default() };
    started(&app, &session, answer, form).await
}

/// Check the code that came to the new number; then it holds.
#[utoipa::path(post, path = "/account/phone/confirm", tag = "account", request_body = Code,
    security(("session" = [])), responses((status = 200, body = ContactChange)))]
async fn confirm_phone(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Code>,
) -> Result<Page, Problem> {
    let request = ConfirmPhoneChangeRequest { code: form.code.clone() };
    let answer = app.clients.identity_for(&session).confirm_phone_change(request).await;
    let form = ContactView { kind: "phone", is_sent: true, value: form.code, ..ContactView::default() };
    confirmed(&app, &session, answer, form).await
}
