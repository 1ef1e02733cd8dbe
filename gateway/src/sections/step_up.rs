//! A step-up: a person who is logged in proves once more who they are, by a code for one purpose. A form that
//! waits is carried along.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use proto::identity::v1::{ErrorReason, StartStepUpRequest, StepUpPurpose, VerifyStepUpRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{
    app::App,
    browser::Browser,
    continuation::{Continuation, safe_next},
    cookie,
    example::{Example, problem_of},
    form::{FieldState, FormRoute, Input, Routes, form},
    i18n::filters,
    page::{FormState, Page, View},
    pending_form::{PendingForm, PendingFormView},
    problem::Problem,
    sections::login::is_about_resend,
    sessions::{OwnViewer, Viewer},
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .form(routes!(show, verify), FormRoute::of::<StepUpCode>())
        .form(routes!(send), FormRoute::of::<StepUpRequest>().on_page("/step-up").not_kept())
}

/// The path of the step-up page for a purpose.
#[must_use]
pub const fn step_up_path(purpose: StepUpPurpose) -> &'static str {
    match purpose {
        StepUpPurpose::Contact => "/step-up?purpose=contact",
        _ => "/step-up",
    }
}

/// The purpose's name in JSON and in forms.
const fn purpose_name(purpose: StepUpPurpose) -> &'static str {
    match purpose {
        StepUpPurpose::Contact => "contact",
        _ => "level",
    }
}

fn purpose_of_name(text: &str) -> Result<StepUpPurpose, Problem> {
    let purposes = [StepUpPurpose::Level, StepUpPurpose::Contact];
    purposes.into_iter().find(|purpose| purpose_name(*purpose) == text).ok_or_else(Problem::unreadable)
}

/// Asks to send a code, or asks for the code that was sent.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/step_up.html")]
pub struct StepUpView {
    /// `level`: to see a section that needs a higher level of login; `contact`: to change an address or
    /// number.
    pub purpose: &'static str,
    /// The address or number that the code was sent to, hidden but for its end; null: no code was sent yet.
    pub sent_to: Option<String>,
    /// The first digits of the code, which need not be typed.
    pub shown_digits: String,
    #[serde(skip)]
    code: FieldState,
    #[serde(skip)]
    resend_error: Option<String>,
    #[serde(skip)]
    form: FormState,
}

impl StepUpView {
    /// The page that asks to send a code.
    #[must_use]
    pub fn new(purpose: StepUpPurpose, continuation: Continuation) -> Self {
        let (code, form) = (StepUpCodeFields::default().code, FormState::with_continuation(continuation));
        Self { purpose: purpose_name(purpose), code, form, ..Self::default() }
    }

    /// The hidden fields of both forms of the page.
    fn hidden_fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = StepUpCodeFields::default();
        let sent_to = self.sent_to.as_deref().unwrap_or_default();
        [
            (fields.purpose.name, self.purpose),
            (fields.sent_to.name, sent_to),
            (fields.shown_digits.name, self.shown_digits.as_str()),
        ]
        .into_iter()
    }

    /// The Fluent key of the heading: that of the change for which the step-up is the first step.
    fn heading(&self) -> &'static str {
        match self.form.continuation.next.as_deref() {
            Some("/account/email") => "change-email-title",
            Some("/account/phone") => "change-phone-title",
            _ => Self::TITLE,
        }
    }

    /// Whether the page is the first of the three steps that change an address or number.
    fn is_first_of_three(&self) -> bool {
        self.purpose == purpose_name(StepUpPurpose::Contact)
    }

    /// Whether the code went to a telephone number.
    fn by_sms(&self) -> bool {
        self.sent_to.as_deref().is_some_and(|sent_to| !sent_to.contains('@'))
    }

    /// The Fluent key of an error that is neither about the code nor about asking for a code again.
    fn general_error(&self) -> Option<String> {
        self.form.word().filter(|_| self.code.error.is_none() && self.resend_error.is_none())
    }
}

impl View for StepUpView {
    const TITLE: &'static str = "step-up-title";

    fn title(&self) -> &'static str {
        self.heading()
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The query of the step-up page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StepUpQuery {
    /// `level` (the default) or `contact`.
    purpose: Option<String>,
    /// The page to go to afterwards.
    next: Option<String>,
}

form! {
    /// Asks to send a code.
    struct StepUpRequest, shown as StepUpRequestFields {
        /// `level` or `contact`.
        hidden purpose: String,
        /// The page's `sent_to` of the former code.
        hidden sent_to: String,
        /// The page's `shown_digits` of the former code.
        hidden shown_digits: String,
    }
    continues
}

form! {
    /// The code that was sent.
    struct StepUpCode, shown as StepUpCodeFields {
        /// `level` or `contact`: the purpose for which the code was sent.
        hidden purpose: String,
        /// The code as typed.
        secret code: String,
        /// The page's `sent_to`.
        hidden sent_to: String,
        /// The page's `shown_digits`.
        hidden shown_digits: String,
    }
    continues
}

/// The result of a step-up. Pages keep it in cookies.
#[derive(Default, Serialize, ToSchema)]
struct Proven {
    /// With `level`: the session token, which replaces the former one.
    #[serde(skip_serializing_if = "String::is_empty")]
    session_token: String,
    /// With `contact`: the proof, to send along with the change.
    #[serde(skip_serializing_if = "String::is_empty")]
    proof: String,
}

/// The page that asks for a code.
#[utoipa::path(get, path = "/step-up", tag = "step-up", params(StepUpQuery), security(("session" = [])),
    responses((status = 200, body = StepUpView)))]
async fn show(_viewer: OwnViewer, Query(query): Query<StepUpQuery>) -> Result<Page, Problem> {
    let purpose = query.purpose.as_deref().map_or(Ok(StepUpPurpose::Level), purpose_of_name)?;
    Ok(Page::show(StepUpView::new(purpose, Continuation::to(query.next))))
}

/// The form again where the typed code is wrong; where the code has ended, the form that asks for a new code.
fn refused(problem: Problem, view: StepUpView) -> Result<Page, Problem> {
    let has_ended = problem.is(ErrorReason::StepUpEnded);
    if !has_ended && !problem.is_about_input() {
        return Err(problem);
    }
    let sent_to = view.sent_to.filter(|sent_to| !has_ended && !sent_to.is_empty());
    let form = FormState { problem: Some(problem.clone()), ..view.form };
    Ok(Page::refused(problem, StepUpView { sent_to, form, ..view }))
}

/// Send a code.
#[utoipa::path(post, path = "/step-up/send", tag = "step-up", request_body = StepUpRequest, security(("session" = [])),
    responses((status = 200, body = StepUpView),
        (status = 429, description = "Too soon, or too many codes")))]
async fn send(
    State(app): State<App>,
    Viewer(session): Viewer,
    browser: Browser,
    Input(form): Input<StepUpRequest>,
) -> Result<Page, Problem> {
    let purpose = purpose_of_name(&form.purpose)?;
    let view = StepUpView::new(purpose, form.continuation());
    let request = StartStepUpRequest { purpose: purpose.into(), subject: None, address: browser.address };
    match app.services.identity_for(&session).start_step_up(request).await {
        Ok(sent) => {
            let code = sent.into_inner().code.unwrap_or_default();
            let (sent_to, shown_digits) = (Some(code.sent_to), code.shown_digits);
            Ok(Page::show(StepUpView { sent_to, shown_digits, ..view }))
        }
        Err(status) => {
            let problem = Problem::from(status);
            let (sent_to, shown_digits) = (Some(form.sent_to), form.shown_digits);
            let resend_error = is_about_resend(&problem).then(|| problem.word());
            refused(problem, StepUpView { sent_to, shown_digits, resend_error, ..view })
        }
    }
}

/// Check the code. A form that waits can then be sent.
#[utoipa::path(post, path = "/step-up", tag = "step-up", request_body = StepUpCode, security(("session" = [])),
    responses((status = 200, body = Proven), (status = 422, description = "The code is wrong or expired")))]
async fn verify(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<StepUpCode>,
) -> Result<Page, Problem> {
    let purpose = purpose_of_name(&form.purpose)?;
    let continuation = form.continuation();
    let verified = async {
        Problem::of_missing(&[(StepUpCodeFields::default().code.name, &form.code)])?;
        let request = VerifyStepUpRequest { code: form.code.clone(), purpose: purpose.into() };
        Ok::<_, Problem>(app.services.identity_for(&session).verify_step_up(request).await?.into_inner())
    };
    let verified = match verified.await {
        Ok(verified) => verified,
        Err(problem) => {
            let view = StepUpView::new(purpose, continuation);
            let (sent_to, shown_digits) = (Some(form.sent_to), form.shown_digits);
            // Where the code has ended, the page asks for a new one and shows no field for the old one.
            let error = problem.field_word(view.code.name).or_else(|| Some(problem.word()));
            let error = error.filter(|_| !problem.is(ErrorReason::StepUpEnded));
            let code = FieldState { value: form.code, error, ..view.code.clone() };
            return refused(problem, StepUpView { sent_to, shown_digits, code, ..view });
        }
    };
    let proven = Proven { session_token: verified.session_token, proof: verified.proof };
    let account = &session.facts.account_id;
    let pending = PendingForm::open(&app, continuation.pending_form.as_deref(), account);
    let mut page = if let Some(pending) = pending {
        Page::next(&proven, PendingFormView::new(&app, pending), Some(Arc::clone(&session)))
    } else {
        let path = safe_next(continuation.next.as_deref()).unwrap_or_else(|| "/account".to_owned());
        Page::done(&proven, path)
    };
    // The step-up may have replaced the session token: drop the session that is cached under the former
    // token.
    app.sessions.forget(account).await;
    if !proven.session_token.is_empty() {
        page = page.with_cookie(cookie::make(cookie::SESSION, proven.session_token));
    }
    if !proven.proof.is_empty() {
        page = page.with_cookie(cookie::proof(proven.proof));
    }
    Ok(page)
}

/// The states of the page, for the style guide.
#[must_use]
pub fn examples() -> Vec<Example> {
    let ask = || StepUpView::new(StepUpPurpose::Contact, Continuation::default());
    let sent = || StepUpView { sent_to: Some("•••••••••00".to_owned()), ..ask() };
    let wrong = problem_of(&[("code", ErrorReason::CodeWrong.into())]);
    let code = FieldState { value: "12 34".to_owned(), error: wrong.field_word("code"), ..ask().code };
    let soon = Problem::new(ErrorReason::CodeTooSoon);
    let ended = FormState::refused(Problem::new(ErrorReason::StepUpEnded));
    vec![
        Example::inside("step-up", ask()),
        Example::inside("step-up-ended", StepUpView { form: ended, ..ask() }),
        Example::inside("step-up-code", sent()),
        Example::inside("step-up-wrong", StepUpView { code, form: FormState::refused(wrong), ..sent() }),
        Example::inside(
            "step-up-too-soon",
            StepUpView { resend_error: Some(soon.word()), form: FormState::refused(soon), ..sent() },
        ),
    ]
}
