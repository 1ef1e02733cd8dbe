//! Logging in, step by step, and out again.

mod code;
mod password;
mod start;
mod views;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    page::Page,
    problem::Problem,
    render::FLASH,
    session::{self, SESSION, Viewer},
};

/// The cookie that holds an attempt: its token, and where the code went.
const LOGIN: &str = "__Host-login";

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start::show, start::submit))
        .routes(routes!(code::show, code::submit))
        .routes(routes!(code::resend))
        .routes(routes!(password::show, password::submit))
        .routes(routes!(log_out))
}

/// How far a login has come. Pages keep the tokens in cookies; programs send them as bearer tokens.
#[derive(Default, Serialize, ToSchema)]
struct LoginProgress {
    /// What to do now: `code`, `own_password` or `done`.
    step: &'static str,
    /// For the next step: send it as bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_token: Option<String>,
    /// With `done`: send it as bearer token with everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<String>,
    /// Where the code went, with all but the end hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_sent_to: Option<String>,
    /// Seconds that the code is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_life_seconds: Option<i32>,
}

/// The page to go to afterwards.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Next {
    /// A path of our own pages.
    next: Option<String>,
}

/// An attempt, as a request brings it.
struct Attempt {
    token: String,
    sent_to: String,
}

impl Attempt {
    /// From the bearer token or the cookie; without one the login begins anew.
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(token) = session::bearer(headers) {
            return Ok(Self { token, sent_to: String::new() });
        }
        let cookies = CookieJar::from_headers(headers);
        let value = cookies.get(LOGIN).map(|cookie| cookie.value().to_owned());
        let (token, sent_to) =
            value.as_deref().and_then(|value| value.split_once('~')).ok_or_else(Problem::unauthenticated)?;
        let sent_to = URL_SAFE_NO_PAD.decode(sent_to).ok().and_then(|text| String::from_utf8(text).ok());
        Ok(Self { token: token.to_owned(), sent_to: sent_to.unwrap_or_default() })
    }

    fn cookie(token: &str, sent_to: &str) -> axum_extra::extract::cookie::Cookie<'static> {
        session::cookie(LOGIN, format!("{token}~{}", URL_SAFE_NO_PAD.encode(sent_to)))
    }
}

/// The page after the last step: the session's cookie is set, the attempt's is gone.
fn logged_in(session_token: String, next: Option<&str>) -> Page {
    let path = crate::form::safe_next(next).unwrap_or_else(|| "/".to_owned());
    let progress = LoginProgress {
        step: "done",
        session_token: Some(session_token.clone()),
        ..LoginProgress::default()
    };
    Page::done(&progress, path)
        .with_cookie(session::cookie(SESSION, session_token))
        .with_cookie(session::removal(LOGIN))
}

/// That somebody has logged out.
#[derive(Serialize, ToSchema)]
struct LoggedOut {
    /// Always true.
    logged_out: bool,
}

/// End the session (T88). What the browser has kept of the pages is thrown away.
#[utoipa::path(post, path = "/logout", tag = "login", security(("session" = [])),
    responses((status = 200, body = LoggedOut)))]
async fn log_out(State(app): State<App>, viewer: Result<Viewer, Problem>) -> Result<Response, Problem> {
    if let Ok(Viewer(session)) = viewer {
        app.sessions.end(&session).await?;
    }
    let page = Page::done(&LoggedOut { logged_out: true }, "/login")
        .with_cookie(session::removal(SESSION))
        .with_cookie(session::cookie(FLASH, "logged-out".to_owned()));
    let mut response = page.into_response();
    let clear = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(clear, HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}
