//! A questionnaire with its answers (V32, V35).

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

/// A questionnaire with its answers.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/questionnaire.html")]
pub struct QuestionnaireView {
    /// Which questionnaire, as a code, such as `valrisico`.
    pub r#type: String,
    /// The title.
    pub title: String,
    /// Who completed the questionnaire.
    pub author: String,
    /// The answers, in their order.
    pub answers: Vec<AnswerView>,
}

impl Kind for QuestionnaireView {
    const PRESETS: &'static [Preset] = &[All, Year, Custom];

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Questionnaire(it) = kind else { return None };
        let answers = AnswerView::list(it.answers);
        Some(Self { r#type: it.r#type, title: it.title, author: it.author, answers })
    }

    fn row(&self) -> (String, String) {
        (self.title.clone(), self.author.clone())
    }

    fn examples() -> Vec<Self> {
        let (kind, title) = ("valrisico".to_owned(), "Valrisico".to_owned());
        vec![Self { r#type: kind, title, author: long_name(), answers: AnswerView::examples() }]
    }
}
