//! The views of the steps of a login. None of them holds a password.

use std::sync::Arc;

use askama::Template;
use proto::identity::v1::{ErrorReason, LoginProgress, LoginStep, OwnPasswordCause};
use serde::Serialize;
use utoipa::ToSchema;

use super::forms::{
    AgreementFields, CodeFields, CodeRequestFields, CredentialsFields, InvitationAnswerFields, OwnPassword,
    OwnPasswordFields,
};
use crate::{
    continuation::Continuation,
    form::{FieldState, FormFields},
    i18n::filters,
    page::{AnyView, FormState, View},
    problem::Problem,
};

/// The view of the current step. `typed` is what the person typed before into the step's field.
pub fn step_view(progress: &LoginProgress, form: FormState, typed: &str) -> Arc<dyn AnyView> {
    let typed = |field: FieldState| {
        let error = form.error(field.name);
        FieldState { value: typed.to_owned(), error, ..field }
    };
    match progress.step() {
        LoginStep::SendCode => {
            let phone = FieldState { is_alone: true, ..typed(CodeRequestFields::default().phone) };
            Arc::new(SendCodeView { phone, form })
        }
        LoginStep::Code | LoginStep::DeviceCode => {
            let code = progress.code.clone().unwrap_or_default();
            let field = typed(CodeFields::default().code);
            let resend_error =
                form.problem.as_ref().filter(|problem| is_about_resend(problem)).map(Problem::word);
            let error = field.error.or_else(|| form.word().filter(|_| resend_error.is_none()));
            Arc::new(CodeView {
                sent_to: code.sent_to,
                shown_digits: code.shown_digits,
                by_sms: code.by_sms,
                is_new_device: progress.step() == LoginStep::DeviceCode,
                code: FieldState { error, ..field },
                resend_error,
                form,
            })
        }
        LoginStep::OwnPassword => {
            // Passwords are never shown again, so the fields are filled from an empty form.
            let fields = form.problem.as_ref();
            let fields = fields.map(|problem| OwnPasswordFields::filled(&OwnPassword::default(), problem));
            let cause = progress.own_password_cause();
            Arc::new(OwnPasswordView { cause, fields: fields.unwrap_or_default(), form })
        }
        LoginStep::Terms => {
            let terms = progress.terms.clone().unwrap_or_default();
            Arc::new(TermsView {
                title: terms.title,
                version: terms.version,
                text_nl: terms.text_nl,
                text_en: terms.text_en,
                version_field: AgreementFields::default().version.name,
                form,
            })
        }
        LoginStep::Invitation => {
            let invitations = progress.invitations.iter();
            let invitations = invitations.map(|it| PendingInvitation {
                id: it.access_id.clone(),
                invited_by: it.invited_by.clone(),
                client_name: it.client_name.clone(),
            });
            let field = InvitationAnswerFields::default().invitation.name;
            Arc::new(InvitationView { invitations: invitations.collect(), invitation_field: field, form })
        }
        LoginStep::Unspecified | LoginStep::Done => Arc::new(LoginView::new(form.continuation)),
    }
}

/// Whether a problem is about asking for a code again, not about the code that was typed.
#[must_use]
pub fn is_about_resend(problem: &Problem) -> bool {
    problem.is(ErrorReason::CodeTooSoon) || problem.is(ErrorReason::TooManyCodes)
}

/// The form for user name and password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/login/start.html")]
pub struct LoginView {
    /// Whether the organisation has to be typed.
    pub asks_organisation: bool,
    #[serde(skip)]
    pub fields: CredentialsFields,
    #[serde(skip)]
    pub form: FormState,
}

impl LoginView {
    /// The empty form.
    #[must_use]
    pub fn new(continuation: Continuation) -> Self {
        Self { form: FormState::with_continuation(continuation), ..Self::default() }
    }

    /// The form that was refused. Where name and password do not match, both are wrong: the answer does not say which.
    #[must_use]
    pub fn refused(fields: CredentialsFields, form: FormState, asks_organisation: bool) -> Self {
        let shares_error = form.problem.as_ref().is_some_and(|problem| problem.is(ErrorReason::LoginRefused));
        let CredentialsFields { organisation, username, password } = fields;
        let (username, password) =
            (FieldState { shares_error, ..username }, FieldState { shares_error, ..password });
        Self { asks_organisation, fields: CredentialsFields { organisation, username, password }, form }
    }
}

impl View for LoginView {
    const TITLE: &'static str = "login-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The form that asks to send a code.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/send_code.html")]
pub struct SendCodeView {
    #[serde(skip)]
    phone: FieldState,
    #[serde(skip)]
    form: FormState,
}

impl SendCodeView {
    /// The Fluent key of an error that is not about the number.
    fn general_error(&self) -> Option<String> {
        self.form.word().filter(|_| self.phone.error.is_none())
    }
}

impl View for SendCodeView {
    const TITLE: &'static str = "send-code-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The form for the code that was sent.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/code.html")]
pub struct CodeView {
    /// The address or number that the code was sent to, hidden but for its end; empty where the person typed
    /// it.
    pub sent_to: String,
    /// The first digits of the code, which need not be typed; empty: none.
    pub shown_digits: String,
    /// Whether the code is sent by SMS.
    pub by_sms: bool,
    /// Whether the code was sent because the device is new.
    pub is_new_device: bool,
    #[serde(skip)]
    code: FieldState,
    #[serde(skip)]
    resend_error: Option<String>,
    #[serde(skip)]
    form: FormState,
}

impl CodeView {
    fn action(&self) -> &'static str {
        if self.is_new_device { "/login/device" } else { "/login/code" }
    }

    fn heading(&self) -> &'static str {
        View::title(self)
    }

    /// The Fluent key of the button's text.
    fn submit_word(&self) -> &'static str {
        match (self.is_new_device, self.by_sms) {
            (true, _) => "code-submit-device",
            (_, true) => "code-submit-sms",
            _ => "code-submit",
        }
    }
}

impl View for CodeView {
    const TITLE: &'static str = "code-title";

    fn title(&self) -> &'static str {
        if self.is_new_device { "device-title" } else { Self::TITLE }
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The form for a password of one's own.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/password.html")]
pub struct OwnPasswordView {
    #[serde(skip)]
    cause: OwnPasswordCause,
    #[serde(skip)]
    fields: OwnPasswordFields,
    #[serde(skip)]
    form: FormState,
}

impl OwnPasswordView {
    /// The cause, as the end of the page's Fluent keys.
    fn cause_name(&self) -> &'static str {
        match self.cause {
            OwnPasswordCause::Temporary => "temporary",
            OwnPasswordCause::Expired => "expired",
            _ => "first",
        }
    }
}

impl View for OwnPasswordView {
    const TITLE: &'static str = "own-password-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The terms to accept.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/terms.html")]
pub struct TermsView {
    /// The title.
    pub title: String,
    /// The version.
    pub version: i32,
    /// The text in Dutch.
    pub text_nl: String,
    /// The text in English.
    pub text_en: String,
    #[serde(skip)]
    version_field: &'static str,
    #[serde(skip)]
    form: FormState,
}

impl View for TermsView {
    const TITLE: &'static str = "terms-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The invitations that wait for the person's answer.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/invitation.html")]
pub struct InvitationView {
    /// The invitations.
    pub invitations: Vec<PendingInvitation>,
    #[serde(skip)]
    invitation_field: &'static str,
    #[serde(skip)]
    form: FormState,
}

/// One invitation.
#[derive(Serialize, ToSchema)]
pub struct PendingInvitation {
    /// The id of the invitation, to answer it.
    pub id: String,
    /// The name of the person who invites.
    pub invited_by: String,
    /// The name of the client whose dossier it is about; empty: not known.
    pub client_name: String,
}

impl View for InvitationView {
    const TITLE: &'static str = "invitation-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}
