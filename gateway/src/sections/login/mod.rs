//! Logging in, step by step, and out again.

mod code;
mod logout;
mod password;
mod start;
mod terms;
mod views;

use axum::{extract::FromRequestParts, http::request::Parts};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use proto::identity::v1::{GetLoginRequest, LoginProgress, LoginStep, OwnPasswordCause, SelectClientRequest};
use serde::Serialize;
use tonic::Status;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::views::LoginView;
use crate::{
    app::App,
    browser::{DEVICE, device_cookie},
    form::{safe_next, with_next},
    kept::{Kept, KeptView, Onward},
    page::Page,
    problem::Problem,
    session::{self, SESSION},
};

/// The cookie that holds an attempt's token.
const LOGIN: &str = "__Host-login";

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start::show, start::submit))
        .routes(routes!(code::show, code::submit))
        .routes(routes!(code::show_device, code::submit_device))
        .routes(routes!(code::send))
        .routes(routes!(code::resend))
        .routes(routes!(password::show, password::submit))
        .routes(routes!(terms::show, terms::accept))
        .routes(routes!(terms::show_invitation, terms::accept_invitation))
        .routes(routes!(terms::decline_invitation))
        .routes(routes!(logout::show, logout::submit))
}

/// Where a login stands. Pages keep the tokens in cookies; programs send them as bearer tokens, and what they keep of a
/// device in `X-Device-Token`.
#[derive(Default, Serialize, ToSchema)]
pub struct Progress {
    /// What to do now: `send_code`, `code`, `device_code`, `own_password`, `terms`, `invitation` or `done`.
    pub step: &'static str,
    /// For the next step: send it as bearer token.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub login_token: String,
    /// With `done`: send it as bearer token with everything else.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session_token: String,
    /// With `done`, after a code: keep it, and no code is asked where the organisation remembers devices.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_token: String,
    /// With `code` and `device_code`: where it went, with all but the end hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_sent_to: Option<String>,
    /// Seconds that the code is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_life_seconds: Option<i32>,
    /// The first digits of the code, which need not be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_digits: Option<String>,
    /// With `own_password`: `first`, `temporary` or `expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_password_cause: Option<&'static str>,
    /// With `terms`: the version to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_version: Option<i32>,
}

impl From<&LoginProgress> for Progress {
    fn from(progress: &LoginProgress) -> Self {
        let code = progress.code.as_ref();
        let cause = match progress.own_password_cause() {
            OwnPasswordCause::Unspecified => None,
            OwnPasswordCause::First => Some("first"),
            OwnPasswordCause::Temporary => Some("temporary"),
            OwnPasswordCause::Expired => Some("expired"),
        };
        Self {
            step: match progress.step() {
                LoginStep::Unspecified => "",
                LoginStep::SendCode => "send_code",
                LoginStep::Code => "code",
                LoginStep::DeviceCode => "device_code",
                LoginStep::OwnPassword => "own_password",
                LoginStep::Terms => "terms",
                LoginStep::Invitation => "invitation",
                LoginStep::Done => "done",
            },
            login_token: progress.login_token.clone(),
            session_token: progress.session_token.clone(),
            device_token: progress.device_token.clone(),
            code_sent_to: code.map(|code| code.sent_to.clone()),
            code_life_seconds: code.map(|code| code.life_seconds),
            shown_digits: code.map(|code| code.shown_digits.clone()).filter(|it| !it.is_empty()),
            own_password_cause: cause,
            terms_version: progress.terms.as_ref().map(|terms| terms.version),
        }
    }
}

/// The page of a step.
const fn path_of(step: LoginStep) -> &'static str {
    match step {
        LoginStep::SendCode | LoginStep::Code => "/login/code",
        LoginStep::DeviceCode => "/login/device",
        LoginStep::OwnPassword => "/login/password",
        LoginStep::Terms => "/login/terms",
        LoginStep::Invitation => "/login/invitation",
        LoginStep::Unspecified | LoginStep::Done => "/login",
    }
}

/// An attempt, from the bearer token or the cookie; without one the login begins anew.
struct Attempt {
    /// Its token.
    token: String,
    /// What the browser keeps of earlier logins.
    devices: String,
}

impl FromRequestParts<App> for Attempt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let jar = CookieJar::from_headers(&parts.headers);
        let cookie = || jar.get(LOGIN).map(|cookie| cookie.value().to_owned());
        let token = session::bearer(&parts.headers).or_else(cookie).ok_or_else(Problem::unauthenticated)?;
        let devices = jar.get(DEVICE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
        Ok(Self { token, devices })
    }
}

/// Where an attempt stands.
async fn progress_of(app: &App, login_token: &str) -> Result<LoginProgress, Problem> {
    let request = GetLoginRequest { login_token: login_token.to_owned() };
    Ok(app.clients.identity()?.get_login(request).await?.into_inner().progress.unwrap_or_default())
}

/// The page of the step that an attempt stands at; a page of another step sends there.
async fn step(app: &App, attempt: &Attempt, onward: Onward, path: &str) -> Result<Page, Problem> {
    let progress = match progress_of(app, &attempt.token).await {
        Ok(progress) => progress,
        Err(problem) => return Err(again(app, &attempt.token, onward, problem, "").await),
    };
    if path_of(progress.step()) == path {
        return Ok(Page::show_any(views::of(&progress, onward, None, "")));
    }
    let there = with_next(path_of(progress.step()), onward.next.as_deref());
    Ok(Page::done(&Progress::from(&progress), there))
}

/// The form of a step again, with what is wrong and what was typed; after the end of an attempt, the first one.
async fn again(app: &App, login_token: &str, onward: Onward, problem: Problem, typed: &str) -> Problem {
    if problem.reason == "LOGIN_ENDED" {
        let view = LoginView { problem: Some(problem.word()), ..LoginView::again(onward) };
        return problem.with_form(view);
    }
    if !problem.is_about_input() {
        return problem;
    }
    match progress_of(app, login_token).await {
        Ok(progress) => {
            let view = views::of(&progress, onward, Some(problem.clone()), typed);
            Problem { form: Some(view), ..problem }
        }
        Err(other) => other,
    }
}

/// What comes after a step that was sent: the next one; or the same again, with what is wrong and what was typed.
async fn answered(
    app: &App,
    attempt: &Attempt,
    onward: Onward,
    answer: Result<Option<LoginProgress>, Status>,
    typed: &str,
) -> Result<Page, Problem> {
    match answer {
        Ok(progress) => proceed(app, progress, onward, &attempt.devices).await,
        Err(status) => Err(again(app, &attempt.token, onward, status.into(), typed).await),
    }
}

/// On to the next step, or into the portal.
async fn proceed(
    app: &App,
    progress: Option<LoginProgress>,
    onward: Onward,
    devices: &str,
) -> Result<Page, Problem> {
    let progress = progress.unwrap_or_default();
    let outcome = Progress::from(&progress);
    if progress.step() == LoginStep::Done {
        return logged_in(app, &progress, &outcome, onward, devices).await;
    }
    let page = if onward.kept.is_some() {
        Page::next(&outcome, views::of(&progress, onward, None, ""), None)
    } else {
        Page::done(&outcome, with_next(path_of(progress.step()), onward.next.as_deref()))
    };
    Ok(page.with_cookie(session::cookie(LOGIN, progress.login_token)))
}

/// The page after the last step: the session's cookie is set, the attempt's is gone, and what was typed before comes back.
async fn logged_in(
    app: &App,
    progress: &LoginProgress,
    outcome: &Progress,
    onward: Onward,
    devices: &str,
) -> Result<Page, Problem> {
    let mut session = app.sessions.resolve(&progress.session_token).await?;
    let account = session.as_ref().map_or("", |session| session.facts.account_id.as_str()).to_owned();
    let kept = onward.kept.as_deref().and_then(|kept| Kept::open(app, kept, &account));
    if let (Some(before), Some(kept)) = (&session, &kept) {
        // What was typed was about one client: then so is the new session.
        if !kept.stamp.client.is_empty() && kept.stamp.client != before.facts.client_id {
            let request = SelectClientRequest { client_id: kept.stamp.client.clone() };
            // Where that is none of theirs any more, the login holds all the same; the form says so when it is sent.
            if app.clients.identity_for(before).select_client(request).await.is_ok() {
                app.sessions.forget(&account).await;
                session = app.sessions.resolve(&progress.session_token).await?;
            }
        }
    }
    let page = if let Some(kept) = kept {
        Page::next(outcome, KeptView::of(app, kept), session)
    } else {
        let chooses =
            session.as_ref().is_some_and(|it| it.facts.clients > 1 && it.facts.client_id.is_empty());
        let path = match safe_next(onward.next.as_deref()) {
            next if chooses => with_next("/clients", next.as_deref()),
            next => next.unwrap_or_else(|| "/".to_owned()),
        };
        Page::done(outcome, path)
    };
    let mut page = page
        .with_cookie(session::cookie(SESSION, progress.session_token.clone()))
        .with_cookie(session::removal(LOGIN));
    if !progress.device_token.is_empty() {
        let device: Cookie<'static> =
            device_cookie(&progress.device_token, devices, progress.device_life_days);
        page = page.with_cookie(device);
    }
    Ok(page)
}
