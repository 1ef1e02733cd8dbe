//! Proving more surely who is there: a code for one purpose. What was typed before goes along.

use askama::Template;
use axum::extract::{Query, State};
use proto::identity::v1::{StartStepUpRequest, StepUpPurpose, VerifyStepUpRequest};
use serde::{Deserialize, Serialize};
use tonic::Status;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    browser::Browser,
    form::{Input, safe_next},
    i18n::filters,
    kept::{Kept, KeptView, Onward},
    page::{Page, View},
    problem::Problem,
    session::{self, SESSION, Viewer},
};

/// The cookie that holds a proof, for its five minutes.
pub const PROOF: &str = "__Host-proof";

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, verify)).routes(routes!(send))
}

/// Asks for a code, or for the code that was sent.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/step_up.html")]
pub struct StepUpView {
    /// `level` to go on to a section that asks for more; `contact` to change an address or number.
    pub purpose: &'static str,
    /// Where the code went, with all but the end hidden; absent where none was sent yet.
    pub sent_to: Option<String>,
    /// Its first digits, which need not be typed.
    pub shown_digits: String,
    #[serde(skip)]
    code: String,
    #[serde(skip)]
    onward: Onward,
    #[serde(skip)]
    problem: Option<String>,
}

impl StepUpView {
    /// The page before something that asks for more.
    #[must_use]
    pub fn before(path: &str, onward: Onward) -> Self {
        Self { purpose: purpose_of(path), onward, ..Self::default() }
    }

    /// The field that an error is about.
    fn target(&self) -> &'static str {
        self.sent_to.as_ref().map_or("", |_| "code")
    }
}

impl View for StepUpView {
    const TITLE: &'static str = "step-up-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
    }
}

/// What a page needs a step-up for.
fn purpose_of(path: &str) -> &'static str {
    if path.starts_with("/account/") { "contact" } else { "level" }
}

fn purpose(name: &str) -> Result<(StepUpPurpose, &'static str), Problem> {
    match name {
        "level" => Ok((StepUpPurpose::Level, "level")),
        "contact" => Ok((StepUpPurpose::Contact, "contact")),
        _ => Err(Problem::unreadable()),
    }
}

/// What the step-up is before.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// The page to go to afterwards.
    next: Option<String>,
}

/// Asks for a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// `level` or `contact`.
    purpose: String,
    /// Where the former code went and its first digits, as the page has them.
    #[serde(default)]
    sent_to: String,
    /// See `sent_to`.
    #[serde(default)]
    shown_digits: String,
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TypedCode {
    /// `level` or `contact`, as it was asked for.
    purpose: String,
    /// As typed.
    #[serde(default)]
    code: String,
    /// Where the code went and its first digits, as the page has them.
    #[serde(default)]
    sent_to: String,
    /// See `sent_to`.
    #[serde(default)]
    shown_digits: String,
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// What was proven. Pages keep it in cookies.
#[derive(Default, Serialize, ToSchema)]
struct Proven {
    /// With `level`: the session goes on under this token.
    #[serde(skip_serializing_if = "String::is_empty")]
    session_token: String,
    /// With `contact`: send it along with the change.
    #[serde(skip_serializing_if = "String::is_empty")]
    proof: String,
}

/// The page that asks for a code.
#[utoipa::path(get, path = "/step-up", tag = "step-up", params(Before), security(("session" = [])),
    responses((status = 200, body = StepUpView)))]
async fn show(_viewer: Viewer, Query(Before { next }): Query<Before>) -> Page {
    let path = next.clone().unwrap_or_default();
    Page::show(StepUpView::before(&path, Onward { next, kept: None }))
}

/// The form again where what was typed is wrong; where the code is over, the one to ask for another.
fn refused(status: Status, form: StepUpView) -> Problem {
    let problem = Problem::from(status);
    let is_over = problem.reason == "STEP_UP_ENDED";
    if !is_over && !problem.is_about_input() {
        return problem;
    }
    let sent_to = form.sent_to.filter(|sent_to| !is_over && !sent_to.is_empty());
    let word = problem.word();
    problem.with_form(StepUpView { sent_to, problem: Some(word), ..form })
}

/// Send a code.
#[utoipa::path(post, path = "/step-up/send", tag = "step-up", request_body = Ask, security(("session" = [])),
    responses((status = 200, body = StepUpView), (status = 429, description = "Too soon, or too many")))]
async fn send(
    State(app): State<App>,
    Viewer(session): Viewer,
    browser: Browser,
    Input(form): Input<Ask>,
) -> Result<Page, Problem> {
    let (asked, name) = purpose(&form.purpose)?;
    let onward = Onward { next: form.next, kept: form.kept };
    let request = StartStepUpRequest { purpose: asked.into(), subject: None, address: browser.address };
    match app.clients.identity_for(&session).start_step_up(request).await {
        Ok(sent) => {
            let code = sent.into_inner().code.unwrap_or_default();
            Ok(Page::show(StepUpView {
                purpose: name,
                sent_to: Some(code.sent_to),
                shown_digits: code.shown_digits,
                onward,
                ..StepUpView::default()
            }))
        }
        Err(status) => Err(refused(
            status,
            StepUpView {
                purpose: name,
                sent_to: Some(form.sent_to),
                shown_digits: form.shown_digits,
                onward,
                ..StepUpView::default()
            },
        )),
    }
}

/// Check the code; then what was typed before can be sent.
#[utoipa::path(post, path = "/step-up", tag = "step-up", request_body = TypedCode, security(("session" = [])),
    responses((status = 200, body = Proven), (status = 422, description = "Wrong or expired")))]
async fn verify(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<TypedCode>,
) -> Result<Page, Problem> {
    let (asked, name) = purpose(&form.purpose)?;
    let onward = Onward { next: form.next, kept: form.kept };
    let request = VerifyStepUpRequest { code: form.code.clone(), purpose: asked.into() };
    match app.clients.identity_for(&session).verify_step_up(request).await {
        Ok(verified) => {
            let verified = verified.into_inner();
            let proven = Proven { session_token: verified.session_token, proof: verified.proof };
            let account = &session.facts.account_id;
            let kept = onward.kept.as_deref().and_then(|kept| Kept::open(&app, kept, account));
            let path = safe_next(onward.next.as_deref()).unwrap_or_else(|| "/account".to_owned());
            let mut page = match kept {
                Some(kept) => {
                    Page::next(&proven, KeptView::of(&app, kept), Some(std::sync::Arc::clone(&session)))
                }
                None => Page::done(&proven, path),
            };
            // The token from before the step-up is good no more, here neither.
            app.sessions.forget(&session.facts.account_id).await;
            if !proven.session_token.is_empty() {
                page = page.with_cookie(session::cookie(SESSION, proven.session_token));
            }
            if !proven.proof.is_empty() {
                page = page.with_cookie(session::cookie(PROOF, proven.proof));
            }
            Ok(page)
        }
        Err(status) => Err(refused(
            status,
            StepUpView {
                purpose: name,
                sent_to: Some(form.sent_to),
                shown_digits: form.shown_digits,
                code: form.code,
                onward,
                ..StepUpView::default()
            },
        )),
    }
}
