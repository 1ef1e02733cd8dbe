//! Changing one's own e-mail address or telephone number in three steps: a step-up, the new one, and the code that was
//! sent there (T48, OTP-04).

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{FromRequestParts, Path, Query, State},
    http::{HeaderMap, request::Parts},
};
use proto::identity::v1::{
    ConfirmEmailChangeRequest, ConfirmPhoneChangeRequest, ErrorReason, StartEmailChangeRequest,
    StartPhoneChangeRequest, StepUpPurpose,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::own::own_account;
use crate::{
    app::App,
    continuation::with_next,
    cookie,
    form::{FieldState, FormRoute, Input, Routes, form},
    i18n::filters,
    organisation::Organisation,
    page::{FormState, Page, Parent, View},
    problem::Problem,
    sections::step_up::step_up_path,
    session::Session,
    sessions::{OwnViewer, Viewer},
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .form(routes!(show, start), FormRoute::of::<NewContact>().of_contact())
        .form(routes!(confirm), FormRoute::of::<ContactCode>().of_contact().on_parent("?sent=true"))
}

/// A way to reach a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Contact {
    /// The e-mail address.
    #[default]
    Email,
    /// The mobile number.
    Phone,
}

impl Contact {
    /// The name in paths, in Fluent keys and in the contract's fields.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// The `type` and the `autocomplete` of the field in HTML.
    const fn input_type(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "tel",
        }
    }

    /// The path of the page. With `is_sent` the page asks for the code that was sent.
    fn path(self, is_sent: bool) -> String {
        format!("/account/{}{}", self.name(), if is_sent { "?sent=true" } else { "" })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Contact {
    type Rejection = Problem;

    /// Reads the last part of the path; any other name there is a page that does not exist.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<Self>::from_request_parts(parts, state).await;
        path.map(|Path(contact)| contact).map_err(|_| Problem::not_found())
    }
}

/// The form for a new address or number, or for the code that was sent there.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/account/contact.html")]
pub struct ContactView {
    /// Whether the address or the number is changed.
    pub contact: Contact,
    /// The address or number as it is now; empty: none is known.
    pub current: String,
    /// Whether a code was sent to the new address or number.
    pub is_sent: bool,
    #[serde(skip)]
    pub value: FieldState,
    #[serde(skip)]
    pub code: FieldState,
    #[serde(skip)]
    pub form: FormState,
}

impl ContactView {
    /// The form for a new address or number, or for the code that was sent there.
    async fn new(app: &App, session: &Session, contact: Contact, is_sent: bool) -> Result<Self, Problem> {
        let account = own_account(app, session).await?;
        let current = match contact {
            Contact::Email => account.email,
            Contact::Phone => account.phone,
        };
        let (value, code) = (NewContactFields::default().value, ContactCodeFields::default().code);
        let value = FieldState { is_alone: true, ..value };
        Ok(Self { contact, current, is_sent, value, code, form: FormState::default() })
    }

    fn heading(&self) -> &'static str {
        View::title(self)
    }

    /// The Fluent key with this end, for the address or for the number.
    fn word(&self, end: &str) -> String {
        match self.contact {
            Contact::Email => format!("email-{end}"),
            Contact::Phone => format!("phone-{end}"),
        }
    }

    /// Which of the three steps the page is; the first is the step-up.
    fn step(&self) -> &'static str {
        if self.is_sent { "3" } else { "2" }
    }

    /// The Fluent key of an error that is about no field.
    fn general_error(&self) -> Option<String> {
        self.form.word().filter(|_| self.code.error.is_none() && self.value.error.is_none())
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

    fn parent(&self) -> Option<Parent> {
        Some(super::parent::PARENT)
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The query of the page: how far the change is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Stage {
    /// Whether a code was sent to the new address or number.
    sent: Option<bool>,
}

form! {
    /// A new address or number.
    struct NewContact, shown as NewContactFields {
        /// The new address or number.
        shown value: String,
        /// The proof of a step-up. Pages send the proof in a cookie.
        secret proof: String,
    }
}

form! {
    /// The code that was sent to the new address or number.
    struct ContactCode, shown as ContactCodeFields {
        /// The code as typed.
        secret code: String,
    }
}

/// How far a change is.
#[derive(Serialize, ToSchema)]
struct ContactChange {
    /// `code`: a code was sent and has to be typed; `done`: the change is made.
    step: &'static str,
}

/// What the person typed.
enum Typed {
    /// A new address or number.
    Value(String),
    /// The code that was sent to the new address or number.
    Code(String),
}

/// The form again, with what is wrong; where the change has ended, the form for a new address or number.
async fn refused(
    app: &App,
    session: &Session,
    mut problem: Problem,
    contact: Contact,
    typed: Typed,
) -> Result<Page, Problem> {
    let has_ended = problem.is(ErrorReason::StepUpEnded);
    if !problem.is_about_input() && !has_ended {
        return Err(problem);
    }
    let asks_code = matches!(typed, Typed::Code(_)) && !has_ended;
    let mut view = ContactView::new(app, session, contact, asks_code).await?;
    // Identity names the field after what is changed; this form has one field for both.
    let error = problem.field_word(contact.name());
    for (name, _) in problem.fields.iter_mut().filter(|(name, _)| name == contact.name()) {
        view.value.name.clone_into(name);
    }
    match typed {
        Typed::Value(typed) => {
            view.value.error = error;
            view.value.value = typed;
        }
        Typed::Code(typed) if asks_code => {
            view.code.error = problem.field_word(view.code.name).or_else(|| Some(problem.word()));
            view.code.value = typed;
        }
        Typed::Code(_) => {}
    }
    view.form = FormState::refused(problem.clone());
    Ok(Page::refused(problem, view))
}

/// The form for a new e-mail address (`email`) or telephone number (`phone`). Pages ask for the step-up first.
#[utoipa::path(get, path = "/account/{contact}", tag = "account", security(("session" = [])),
    params(("contact" = Contact, Path, description = "What to change"), Stage),
    responses((status = 200, body = ContactView)))]
async fn show(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    OwnViewer(session): OwnViewer,
    contact: Contact,
    headers: HeaderMap,
    Query(stage): Query<Stage>,
) -> Result<Page, Problem> {
    let accounts = organisation.and_then(|found| found.settings.accounts).unwrap_or_default();
    if !accounts.self_edit {
        return Err(Problem::new(ErrorReason::SelfEditOff));
    }
    let is_sent = stage.sent.unwrap_or_default();
    let view = ContactView::new(&app, &session, contact, is_sent).await?;
    if is_sent || cookie::read(&headers, cookie::PROOF).is_some() {
        return Ok(Page::show(view));
    }
    let step_up = with_next(step_up_path(StepUpPurpose::Contact), Some(&contact.path(false)));
    Ok(Page::done(&view, step_up))
}

/// Send a code to a new e-mail address or telephone number (T45).
#[utoipa::path(post, path = "/account/{contact}", tag = "account", request_body = NewContact,
    params(("contact" = Contact, Path, description = "What to change")), security(("session" = [])),
    responses((status = 200, body = ContactChange), (status = 403, description = "A step-up comes first")))]
async fn start(
    State(app): State<App>,
    Viewer(session): Viewer,
    contact: Contact,
    headers: HeaderMap,
    Input(form): Input<NewContact>,
) -> Result<Page, Problem> {
    let names = NewContactFields::default();
    if let Err(mut problem) = Problem::of_missing(&[(names.value.name, &form.value)]) {
        for (name, _) in &mut problem.fields {
            contact.name().clone_into(name);
        }
        return refused(&app, &session, problem, contact, Typed::Value(form.value)).await;
    }
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
        Err(status) => refused(&app, &session, status.into(), contact, Typed::Value(form.value)).await,
    }
}

/// Check the code that was sent to the new address or number. The new one then replaces the former one, also
/// in a user name that was the former address (T48).
#[utoipa::path(post, path = "/account/{contact}/confirm", tag = "account", request_body = ContactCode,
    params(("contact" = Contact, Path, description = "What to change")), security(("session" = [])),
    responses((status = 200, body = ContactChange)))]
async fn confirm(
    State(app): State<App>,
    Viewer(session): Viewer,
    contact: Contact,
    Input(form): Input<ContactCode>,
) -> Result<Page, Problem> {
    let code = ContactCodeFields::default().code.name;
    if let Err(problem) = Problem::of_missing(&[(code, &form.code)]) {
        return refused(&app, &session, problem, contact, Typed::Code(form.code)).await;
    }
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
        Err(status) => refused(&app, &session, status.into(), contact, Typed::Code(form.code)).await,
    }
}
