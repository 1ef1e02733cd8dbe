//! What the steps of a login show. None of them holds a password.

use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{i18n::filters, page::View, problem::Problem};

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
    /// The page to go to afterwards.
    #[serde(skip)]
    pub next: Option<String>,
    /// The key of what went wrong.
    #[serde(skip)]
    pub problem: Option<String>,
}

impl View for LoginView {
    const TITLE: &'static str = "login-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// The code.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/login/code.html")]
pub struct CodeView {
    /// Where it went, with all but the end hidden.
    pub sent_to: String,
    /// As typed.
    #[serde(skip)]
    pub code: String,
    /// The page to go to afterwards.
    #[serde(skip)]
    pub next: Option<String>,
    /// The key of what went wrong.
    #[serde(skip)]
    pub problem: Option<String>,
}

impl View for CodeView {
    const TITLE: &'static str = "code-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// An own password.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/login/password.html")]
pub struct OwnPasswordView {
    /// The fewest characters that it must have.
    pub min_length: i32,
    /// The page to go to afterwards.
    #[serde(skip)]
    pub next: Option<String>,
    /// What went wrong, with its fields.
    #[serde(skip)]
    pub problem: Option<Problem>,
}

impl OwnPasswordView {
    /// The fields that are wrong, in the order of the form: name and key of the words.
    fn errors(&self) -> Vec<(&'static str, String)> {
        ["current_password", "new_password", "repeat_password"]
            .into_iter()
            .filter_map(|name| Some((name, self.error(name)?)))
            .collect()
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
}
