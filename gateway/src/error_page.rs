//! The page that says why a request failed.

use askama::Template;
use axum::http::StatusCode;
use proto::identity::v1::ErrorReason as Identity;
use serde::Serialize;

use crate::{example::Example, i18n::filters, page::View, problem::Problem};

/// A page that only says why the request failed.
#[derive(Template, Serialize)]
#[template(path = "problem.html")]
pub struct ErrorPage {
    word: String,
    #[serde(skip)]
    title: &'static str,
}

impl ErrorPage {
    /// The page of a problem.
    #[must_use]
    pub fn new(problem: &Problem) -> Self {
        let title = match problem.status {
            StatusCode::NOT_FOUND => "not-found-title",
            _ if problem.is(Identity::SelfEditOff) || problem.is(Identity::InvitingOff) => {
                "by-organisation-title"
            }
            _ => Self::TITLE,
        };
        Self { word: problem.word(), title }
    }

    fn heading(&self) -> &'static str {
        self.title
    }
}

impl View for ErrorPage {
    const TITLE: &'static str = "problem-title";

    fn title(&self) -> &'static str {
        self.title
    }

    fn has_errors(&self) -> bool {
        true
    }
}

/// The states of the page, for the style guide.
#[must_use]
pub fn examples() -> Vec<Example> {
    vec![
        Example::inside("not-found", ErrorPage::new(&Problem::not_found())),
        Example::inside("by-organisation", ErrorPage::new(&Problem::new(Identity::SelfEditOff))),
        Example::inside("unavailable", ErrorPage::new(&Problem::unavailable())),
    ]
}
