//! What the steps of a login show. None of them holds a password.

use std::sync::Arc;

use askama::Template;
use proto::identity::v1::{LoginProgress, LoginStep, OwnPasswordCause};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    i18n::filters,
    kept::Onward,
    page::{AnyView, View},
    problem::Problem,
};

/// The view of the step that a login stands at.
pub fn of(
    progress: &LoginProgress,
    onward: Onward,
    problem: Option<Problem>,
    typed: &str,
) -> Arc<dyn AnyView> {
    match progress.step() {
        LoginStep::SendCode => Arc::new(SendCodeView { phone: typed.to_owned(), onward, problem }),
        LoginStep::Code | LoginStep::DeviceCode => {
            let code = progress.code.clone().unwrap_or_default();
            Arc::new(CodeView {
                sent_to: code.sent_to,
                shown_digits: code.shown_digits,
                by_sms: code.by_sms,
                is_new_device: progress.step() == LoginStep::DeviceCode,
                code: typed.to_owned(),
                onward,
                problem: problem.map(|problem| problem.word()),
            })
        }
        LoginStep::OwnPassword => {
            Arc::new(OwnPasswordView { cause: progress.own_password_cause(), onward, problem })
        }
        LoginStep::Terms => {
            let terms = progress.terms.clone().unwrap_or_default();
            Arc::new(TermsView {
                title: terms.title,
                version: terms.version,
                text_nl: terms.text_nl,
                text_en: terms.text_en,
                onward,
                problem: problem.map(|problem| problem.word()),
            })
        }
        LoginStep::Invitation => {
            let invitations = progress.invitations.iter();
            let invitations = invitations.map(|it| PendingInvitation {
                id: it.access_id.clone(),
                invited_by: it.invited_by.clone(),
                client_name: it.client_name.clone(),
            });
            Arc::new(InvitationView { invitations: invitations.collect(), onward })
        }
        LoginStep::Unspecified | LoginStep::Done => Arc::new(LoginView::again(onward)),
    }
}

/// User name and password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/login/start.html")]
pub struct LoginView {
    /// Whether the organisation has to be typed.
    pub asks_organisation: bool,
    /// As typed.
    #[serde(skip)]
    pub organisation: String,
    /// As typed.
    #[serde(skip)]
    pub username: String,
    /// What goes along.
    #[serde(skip)]
    pub onward: Onward,
    /// The key of what went wrong.
    #[serde(skip)]
    pub problem: Option<String>,
}

impl LoginView {
    /// The form, empty.
    #[must_use]
    pub fn again(onward: Onward) -> Self {
        Self { onward, ..Self::default() }
    }
}

impl View for LoginView {
    const TITLE: &'static str = "login-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
    }
}

/// A code has to be asked for.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/send_code.html")]
pub struct SendCodeView {
    #[serde(skip)]
    phone: String,
    #[serde(skip)]
    onward: Onward,
    #[serde(skip)]
    problem: Option<Problem>,
}

impl SendCodeView {
    fn error(&self) -> Option<String> {
        self.problem.as_ref()?.field("phone")
    }
}

impl View for SendCodeView {
    const TITLE: &'static str = "send-code-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
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
    code: String,
    #[serde(skip)]
    onward: Onward,
    #[serde(skip)]
    problem: Option<String>,
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

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
    }
}

/// An own password.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/password.html")]
pub struct OwnPasswordView {
    #[serde(skip)]
    cause: OwnPasswordCause,
    #[serde(skip)]
    onward: Onward,
    #[serde(skip)]
    problem: Option<Problem>,
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

    fn errors(&self) -> Vec<(&'static str, String)> {
        let order = ["current_password", "new_password", "repeat_password"];
        self.problem.as_ref().map(|problem| problem.errors(&order)).unwrap_or_default()
    }

    fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }
}

impl View for OwnPasswordView {
    const TITLE: &'static str = "own-password-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
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
    onward: Onward,
    #[serde(skip)]
    problem: Option<String>,
}

impl View for TermsView {
    const TITLE: &'static str = "terms-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
    }
}

/// What one was invited to.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/invitation.html")]
pub struct InvitationView {
    /// Each invitation.
    pub invitations: Vec<PendingInvitation>,
    #[serde(skip)]
    onward: Onward,
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

    fn holds_input(&self) -> bool {
        self.onward.kept.is_some()
    }
}
