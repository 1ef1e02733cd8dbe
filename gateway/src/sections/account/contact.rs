//! Changing one's own e-mail address or telephone number: a step-up first, then a code to the new one (T48, OTP-04).

use askama::Template;
use axum::{
    extract::{FromRequestParts, Path, Query, State},
    http::{HeaderMap, request::Parts},
};
use proto::identity::v1::{
    ConfirmEmailChangeRequest, ConfirmPhoneChangeRequest, ErrorReason, StartEmailChangeRequest,
    StartPhoneChangeRequest,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::own::own;
use crate::{
    app::App,
    cookie,
    form::{FieldState, FormRoute, Input, Routes, form},
    i18n::filters,
    page::{FormState, Page, View},
    problem::Problem,
    session::Session,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .form(routes!(show, start), FormRoute::of::<NewContact>().of_contact())
        .form(routes!(confirm), FormRoute::of::<Code>().of_contact().on_parent("?sent=true"))
}

/// Where a person is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Contact {
    /// The e-mail address.
    #[default]
    Email,
    /// The mobile number.
    Phone,
}

impl Contact {
    /// As paths, words and the contract's fields name it.
    const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// The kind of field, as HTML names it.
    const fn input(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "tel",
        }
    }

    /// The page; with the field for the code, where one was sent.
    fn path(self, is_sent: bool) -> String {
        format!("/account/{}{}", self.name(), if is_sent { "?sent=true" } else { "" })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Contact {
    type Rejection = Problem;

    /// From the path; another name in its place is no page.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<Self>::from_request_parts(parts, state).await;
        path.map(|Path(contact)| contact).map_err(|_| Problem::not_found())
    }
}

/// A new address or number, or the code that went there.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/account/contact.html")]
struct ContactView {
    /// What is changed.
    contact: Contact,
    /// As it is now.
    current: String,
    /// Whether a code was sent to the new one.
    is_sent: bool,
    #[serde(skip)]
    value: FieldState,
    #[serde(skip)]
    code: FieldState,
    #[serde(skip)]
    form: FormState,
}

impl ContactView {
    /// The form for a new address or number, or for the code that was sent there.
    async fn new(app: &App, session: &Session, contact: Contact, is_sent: bool) -> Result<Self, Problem> {
        let account = own(app, session).await?;
        let current = match contact {
            Contact::Email => account.email,
            Contact::Phone => account.phone,
        };
        let (value, code) = (NewContactFields::default().value, CodeFields::default().code);
        Ok(Self { contact, current, is_sent, value, code, form: FormState::default() })
    }

    fn heading(&self) -> &'static str {
        View::title(self)
    }

    /// The key of words that differ by what is changed.
    fn word(&self, end: &str) -> String {
        match self.contact {
            Contact::Email => format!("email-{end}"),
            Contact::Phone => format!("phone-{end}"),
        }
    }

    /// The field that an error is about.
    fn target(&self) -> &'static str {
        if self.is_sent { self.code.name } else { self.value.name }
    }
}

impl View for ContactView {
    const TITLE: &'static str = "change-email-title";

    fn title(&self) -> &'static str {
        match self.contact {
            Contact::Email => Self::TITLE,
            Contact::Phone => "change-phone-title",
        }
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// How far the change is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Stage {
    /// A code was sent to the new one.
    sent: Option<bool>,
}

form! {
    /// A new address or number.
    struct NewContact, shown as NewContactFields {
        /// The new one.
        shown value: String,
        /// The proof of a step-up; pages have it in a cookie.
        hidden proof: String,
    }
}

form! {
    /// The code that came to the new one.
    struct Code, shown as CodeFields {
        /// As typed.
        secret code: String,
    }
}

/// How far a change is.
#[derive(Serialize, ToSchema)]
struct ContactChange {
    /// `code` to type the code that was sent, or `done`.
    step: &'static str,
}

/// The form again where what was typed is wrong. Where the change has ended, it begins again.
async fn refused(
    app: &App,
    session: &Session,
    problem: Problem,
    contact: Contact,
    typed: Result<String, String>,
) -> Result<Page, Problem> {
    let has_ended = problem.is(ErrorReason::StepUpEnded);
    if !problem.is_about_input() && !has_ended {
        return Err(problem);
    }
    let is_code = typed.is_err();
    let fresh = ContactView::new(app, session, contact, is_code && !has_ended).await?;
    let (mut value, mut code) = (fresh.value, fresh.code);
    match typed {
        Ok(typed) => {
            value = FieldState { value: typed, error: problem.field(contact.name()), ..value };
        }
        Err(_) if has_ended => {}
        Err(typed) => {
            let error = problem.field(code.name).or_else(|| Some(problem.word()));
            code = FieldState { value: typed, error, ..code };
        }
    }
    let form = FormState::refused(problem.clone());
    Ok(Page::refused(problem, ContactView { value, code, form, ..fresh }))
}

/// The form for a new e-mail address (`email`) or telephone number (`phone`).
#[utoipa::path(get, path = "/account/{contact}", tag = "account", security(("session" = [])),
    params(("contact" = Contact, Path, description = "What is changed"), Stage),
    responses((status = 200, body = ContactView)))]
async fn show(
    State(app): State<App>,
    Viewer(session): Viewer,
    contact: Contact,
    Query(stage): Query<Stage>,
) -> Result<Page, Problem> {
    Ok(Page::show(ContactView::new(&app, &session, contact, stage.sent.unwrap_or_default()).await?))
}

/// Send a code to a new e-mail address or telephone number (T45).
#[utoipa::path(post, path = "/account/{contact}", tag = "account", request_body = NewContact,
    params(("contact" = Contact, Path, description = "What is changed")), security(("session" = [])),
    responses((status = 200, body = ContactChange), (status = 403, description = "A step-up comes first")))]
async fn start(
    State(app): State<App>,
    Viewer(session): Viewer,
    contact: Contact,
    headers: HeaderMap,
    Input(form): Input<NewContact>,
) -> Result<Page, Problem> {
    let sent = Some(form.proof).filter(|proof| !proof.is_empty());
    let proof = sent.or_else(|| cookie::read(&headers, cookie::PROOF)).unwrap_or_default();
    let mut identity = app.services.identity_for(&session);
    let started = match contact {
        Contact::Email => {
            let request = StartEmailChangeRequest { email: form.value.clone(), proof };
            identity.start_email_change(request).await.map(drop)
        }
        Contact::Phone => {
            let request = StartPhoneChangeRequest { phone: form.value.clone(), proof };
            identity.start_phone_change(request).await.map(drop)
        }
    };
    match started {
        Ok(()) => Ok(Page::done(&ContactChange { step: "code" }, contact.path(true))),
        Err(status) => refused(&app, &session, status.into(), contact, Ok(form.value)).await,
    }
}

/// Check the code that came to the new address or number. From then on the new one counts, and a user name that is the
/// address follows (T48).
#[utoipa::path(post, path = "/account/{contact}/confirm", tag = "account", request_body = Code,
    params(("contact" = Contact, Path, description = "What is changed")), security(("session" = [])),
    responses((status = 200, body = ContactChange)))]
async fn confirm(
    State(app): State<App>,
    Viewer(session): Viewer,
    contact: Contact,
    Input(form): Input<Code>,
) -> Result<Page, Problem> {
    let (mut identity, code) = (app.services.identity_for(&session), form.code.clone());
    let confirmed = match contact {
        Contact::Email => identity.confirm_email_change(ConfirmEmailChangeRequest { code }).await.map(drop),
        Contact::Phone => identity.confirm_phone_change(ConfirmPhoneChangeRequest { code }).await.map(drop),
    };
    match confirmed {
        Ok(()) => {
            let flash = cookie::flash(&format!("{}-changed", contact.name()));
            let page = Page::done(&ContactChange { step: "done" }, "/account");
            Ok(page.with_cookie(flash).with_cookie(cookie::removal(cookie::PROOF)))
        }
        Err(status) => refused(&app, &session, status.into(), contact, Err(form.code)).await,
    }
}
