//! The states of the pages of a login, for the style guide.

use proto::{
    Reason,
    identity::v1::{
        ErrorReason, LoginProgress, LoginStep, OwnPasswordCause, PendingInvitation, SentCode, Terms,
    },
};

use super::{
    forms::{Credentials, CredentialsFields},
    logout::LogoutView,
    views::{LoginView, step_view},
};
use crate::{
    continuation::Continuation,
    example::{ARABIC_NAME, Example, long_name, long_text, problem_of},
    form::FormFields,
    page::FormState,
    problem::Problem,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let missing = Reason::from(ErrorReason::FieldMissing);
    let sent = |sent_to: &str, shown: &str| {
        let (sent_to, shown_digits) = (sent_to.to_owned(), shown.to_owned());
        SentCode { by_sms: !sent_to.contains('@'), sent_to, shown_digits, ..SentCode::default() }
    };
    let mail = LoginProgress { code: Some(sent("m••••@voorbeeld.nl", "")), ..of(LoginStep::Code) };
    let sms =
        LoginProgress { code: Some(sent("•••••••••00", "5790")), ..of(LoginStep::Code) };
    let device =
        LoginProgress { code: Some(sent("•••••••••00", "")), ..of(LoginStep::DeviceCode) };
    let own =
        LoginProgress { own_password_cause: OwnPasswordCause::First.into(), ..of(LoginStep::OwnPassword) };
    let terms = Terms {
        title: "Voorwaarden van de Samenwerkende Zorgorganisaties".to_owned(),
        text_nl: long_text(),
        text_en: long_text(),
        ..Terms::default()
    };
    let invitation =
        |name: String| PendingInvitation { invited_by: name, client_name: long_name(), ..Default::default() };
    let invitations = vec![invitation(long_name()), invitation(ARABIC_NAME.to_owned())];
    vec![
        login("login", None),
        login(
            "login-empty",
            Some(problem_of(&[("organisation", missing), ("username", missing), ("password", missing)])),
        ),
        login("login-wrong", Some(Problem::new(ErrorReason::LoginRefused))),
        step("code", &mail, None),
        step("code-empty", &mail, Some(problem_of(&[("code", missing)]))),
        step("code-too-soon", &mail, Some(Problem::new(ErrorReason::CodeTooSoon))),
        step("code-sms-wrong", &sms, Some(problem_of(&[("code", ErrorReason::CodeWrong.into())]))),
        step("code-device", &device, None),
        step(
            "code-ask",
            &of(LoginStep::SendCode),
            Some(problem_of(&[("phone", ErrorReason::PhoneMalformed.into())])),
        ),
        step("own-password", &own, None),
        step(
            "own-password-wrong",
            &own,
            Some(problem_of(&[
                ("current_password", missing),
                ("new_password", missing),
                ("repeat_password", missing),
            ])),
        ),
        step("terms-accept", &LoginProgress { terms: Some(terms), ..of(LoginStep::Terms) }, None),
        step("invitation", &LoginProgress { invitations, ..of(LoginStep::Invitation) }, None),
        Example { is_impersonated: true, ..Example::inside("logout", LogoutView {}) },
    ]
}

fn of(step: LoginStep) -> LoginProgress {
    LoginProgress { step: step.into(), ..LoginProgress::default() }
}

fn step(name: &'static str, progress: &LoginProgress, problem: Option<Problem>) -> Example {
    let form = FormState { problem, continuation: Continuation::default() };
    Example::outside(name, step_view(progress, form, "12 34"))
}

fn login(name: &'static str, problem: Option<Problem>) -> Example {
    let mut fields = CredentialsFields::default();
    if let Some(problem) = &problem {
        fields = CredentialsFields::filled(&Credentials::default(), problem);
        fields.username.value = long_name();
    }
    let asks_organisation = fields.organisation.error.is_some();
    let form = FormState { problem, continuation: Continuation::default() };
    let view = LoginView::refused(fields, form, asks_organisation);
    Example::outside(name, std::sync::Arc::new(view))
}
