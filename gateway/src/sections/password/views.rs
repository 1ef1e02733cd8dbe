//! What the pages around a forgotten password show.

use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{i18n::filters, organisation::Organisation, page::View, problem::Problem};

/// Whose password was forgotten.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/password/forgotten.html")]
pub struct ForgottenView {
    /// Whether the organisation has to be typed.
    pub asks_organisation: bool,
    /// As typed.
    #[serde(skip)]
    pub organisation: String,
    /// Whether the e-mail address has to be typed.
    pub asks_email: bool,
    /// The key of what went wrong before.
    #[serde(skip)]
    pub problem: Option<String>,
}

impl ForgottenView {
    /// The form of an organisation, or of one that is not known yet.
    pub fn of(organisation: Option<&Organisation>) -> Self {
        let rules = organisation.and_then(|found| found.settings.password);
        Self {
            asks_organisation: organisation.is_none(),
            // Where nobody knows, both are asked: one of them may be of no use.
            asks_email: rules.is_none_or(|rules| rules.reset_asks_email),
            ..Self::default()
        }
    }
}

impl View for ForgottenView {
    const TITLE: &'static str = "forgotten-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// A new password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/password/reset.html")]
pub struct ResetView {
    #[serde(skip)]
    pub token: String,
    #[serde(skip)]
    pub username: String,
    #[serde(skip)]
    pub problem: Option<Problem>,
}

impl ResetView {
    fn errors(&self) -> Vec<(&'static str, String)> {
        let order = ["username", "new_password", "repeat_password"];
        self.problem.as_ref().map(|problem| problem.errors(&order)).unwrap_or_default()
    }

    fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }
}

impl View for ResetView {
    const TITLE: &'static str = "reset-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}
