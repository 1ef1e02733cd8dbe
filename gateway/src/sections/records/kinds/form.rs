//! A form that was added to the dossier (R28).

use askama::Template;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::AnswerView;
use crate::{
    example::long_name,
    i18n::filters,
    sections::records::{
        kind::Kind,
        period::Preset::{self, All, Custom, Year},
    },
};

/// A form.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/questionnaire.html")]
pub struct FormView {
    /// The title.
    pub title: String,
    /// Who filled the form in.
    pub author: String,
    /// What the form says, question by question.
    pub answers: Vec<AnswerView>,
}

impl Kind for FormView {
    const PRESETS: &'static [Preset] = &[All, Year, Custom];

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Form(form) = kind else { return None };
        Some(Self { title: form.title, author: form.author, answers: AnswerView::list(form.answers) })
    }

    fn row(&self) -> (String, String) {
        (self.title.clone(), self.author.clone())
    }

    fn examples() -> Vec<Self> {
        vec![Self { title: long_name(), author: long_name(), answers: AnswerView::examples() }]
    }
}
