//! How far a login is, as JSON, and the page of each step.

use proto::identity::v1::{LoginProgress, LoginStep, OwnPasswordCause};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a login is. Pages keep the tokens in cookies. Programs send the login token and the session token
/// as bearer token, and the device token in the header `X-Device-Token`.
#[derive(Default, Serialize, ToSchema)]
pub struct Progress {
    /// What to do now: `send_code`, `code`, `device_code`, `own_password`, `terms`, `invitation` or `done`.
    pub step: &'static str,
    /// The login token: send it as bearer token with the next step.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub login_token: String,
    /// With `done`, the session token: send it as bearer token with every request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session_token: String,
    /// With `done` after a code, the device token: keep it, so that the next login needs no code where the
    /// organisation remembers devices.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_token: String,
    /// With `code` and `device_code`: the address or number that the code was sent to, hidden but for its
    /// end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_sent_to: Option<String>,
    /// How long the code is valid, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_life_seconds: Option<i32>,
    /// The first digits of the code, which need not be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_digits: Option<String>,
    /// With `own_password`: why, `first`, `temporary` or `expired`.
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

/// The path of the page of a step.
pub const fn step_path(step: LoginStep) -> &'static str {
    match step {
        LoginStep::SendCode | LoginStep::Code => "/login/code",
        LoginStep::DeviceCode => "/login/device",
        LoginStep::OwnPassword => "/login/password",
        LoginStep::Terms => "/login/terms",
        LoginStep::Invitation => "/login/invitation",
        LoginStep::Unspecified | LoginStep::Done => "/login",
    }
}
