//! The second step: the code that was sent.

use axum::{
    extract::{Query, State},
    http::HeaderMap,
};
use proto::identity::v1::{LoginStep, ResendCodeRequest, VerifyCodeRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Attempt, LoginProgress, Next, logged_in, views::CodeView};
use crate::{
    app::App,
    form::{Input, with_next},
    page::Page,
    problem::Problem,
    render::FLASH,
    session,
};

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As typed: spaces and dashes are ignored.
    #[serde(default)]
    code: String,
    /// The page to go to afterwards.
    next: Option<String>,
}

/// Asks for another code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The page to go to afterwards.
    next: Option<String>,
}

/// The form, with where the code went.
#[utoipa::path(get, path = "/login/code", tag = "login", params(Next), responses((status = 200, body = CodeView)))]
pub async fn show(headers: HeaderMap, Query(Next { next }): Query<Next>) -> Result<Page, Problem> {
    let attempt = Attempt::of(&headers)?;
    Ok(Page::show(CodeView { sent_to: attempt.sent_to, next, ..CodeView::default() }))
}

/// Check the code (T15–T17). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/code", tag = "login", request_body = Code,
    responses((status = 200, body = LoginProgress), (status = 422, description = "Wrong or expired")))]
pub async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    Input(form): Input<Code>,
) -> Result<Page, Problem> {
    let attempt = Attempt::of(&headers)?;
    let request = VerifyCodeRequest { login_token: attempt.token, code: form.code.clone() };
    match app.clients.identity()?.verify_code(request).await {
        Ok(verified) => {
            let verified = verified.into_inner();
            if verified.step() == LoginStep::Done {
                return Ok(logged_in(verified.session_token, form.next.as_deref()));
            }
            let path = with_next("/login/password", form.next.as_deref());
            let cookie = Attempt::cookie(&verified.login_token, "");
            let progress = LoginProgress {
                step: "own_password",
                login_token: Some(verified.login_token),
                ..LoginProgress::default()
            };
            Ok(Page::done(&progress, path).with_cookie(cookie))
        }
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            let view = CodeView {
                sent_to: attempt.sent_to,
                code: form.code,
                next: form.next,
                problem: Some(problem.word()),
            };
            Err(problem.with_form(view))
        }
    }
}

/// Send a new code (T18). The former one is void.
#[utoipa::path(post, path = "/login/code/resend", tag = "login", request_body = Again,
    responses((status = 200, body = LoginProgress)))]
pub async fn resend(
    State(app): State<App>,
    headers: HeaderMap,
    Input(form): Input<Again>,
) -> Result<Page, Problem> {
    let attempt = Attempt::of(&headers)?;
    let request = ResendCodeRequest { login_token: attempt.token };
    match app.clients.identity()?.resend_code(request).await {
        Ok(sent) => {
            let sent = sent.into_inner();
            let progress = LoginProgress {
                step: "code",
                code_sent_to: Some(sent.code_sent_to),
                code_life_seconds: Some(sent.code_life_seconds),
                ..LoginProgress::default()
            };
            let path = with_next("/login/code", form.next.as_deref());
            let flash = session::cookie(FLASH, "code-sent-again".to_owned());
            Ok(Page::done(&progress, path).with_cookie(flash))
        }
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            let word = Some(problem.word());
            let view =
                CodeView { sent_to: attempt.sent_to, next: form.next, problem: word, ..CodeView::default() };
            Err(problem.with_form(view))
        }
    }
}
