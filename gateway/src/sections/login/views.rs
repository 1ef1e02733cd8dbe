//! What the steps of a login show. None of them holds a password.

use std::sync::Arc;

use askama::Template;
use proto::identity::v1::{LoginProgress, LoginStep, OwnPasswordCause};
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
};

/// The view of the step that comes now. `typed` is what the person typed into its one field before.
pub fn of_step(progress: &LoginProgress, form: FormState, typed: &str) -> Arc<dyn AnyView> {
    let typed = |field: FieldState| {
        let error = form.error(field.name);
        FieldState { value: typed.to_owned(), error, ..field }
    };
    match progress.step() {
        LoginStep::SendCode => {
            Arc::new(SendCodeView { phone: typed(CodeRequestFields::default().phone), form })
        }
        LoginStep::Code | LoginStep::DeviceCode => {
            let code = progress.code.clone().unwrap_or_default();
            let field = typed(CodeFields::default().code);
            Arc::new(CodeView {
                sent_to: code.sent_to,
                shown_digits: code.shown_digits,
                by_sms: code.by_sms,
                is_new_device: progress.step() == LoginStep::DeviceCode,
                code: FieldState { error: form.word(), ..field },
                form,
            })
        }
        LoginStep::OwnPassword => {
            // Nothing that was typed here is shown again.
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

/// User name and password.
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
    /// The form, empty.
    #[must_use]
    pub fn new(continuation: Continuation) -> Self {
        Self { form: FormState::on_the_way(continuation), ..Self::default() }
    }
}

impl View for LoginView {
    const TITLE: &'static str = "login-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// A code has to be asked for.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/send_code.html")]
pub struct SendCodeView {
    #[serde(skip)]
    phone: FieldState,
    #[serde(skip)]
    form: FormState,
}

impl View for SendCodeView {
    const TITLE: &'static str = "send-code-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The code.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/code.html")]
pub struct CodeView {
    /// Where it went, with all but the end hidden; empty where the person typed it.
    pub sent_to: String,
    /// Its first digits, which need not be typed; empty: none.
    pub shown_digits: String,
    /// It goes by SMS.
    pub by_sms: bool,
    /// It was sent because the device is new.
    pub is_new_device: bool,
    #[serde(skip)]
    code: FieldState,
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

    /// The key of the button's words.
    fn submit(&self) -> &'static str {
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

/// An own password.
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
    /// The end of the keys of its words.
    fn why(&self) -> &'static str {
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

/// What one was invited to.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/invitation.html")]
pub struct InvitationView {
    /// Each invitation.
    pub invitations: Vec<PendingInvitation>,
    #[serde(skip)]
    invitation_field: &'static str,
    #[serde(skip)]
    form: FormState,
}

/// One invitation.
#[derive(Serialize, ToSchema)]
pub struct PendingInvitation {
    /// Its id, to answer it by.
    pub id: String,
    /// Who invites.
    pub invited_by: String,
    /// Whose dossier it is about.
    pub client_name: String,
}

impl View for InvitationView {
    const TITLE: &'static str = "invitation-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}
