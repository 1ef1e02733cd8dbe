//! A finished evaluation (P76–P80, R36).

use askama::Template;
use proto::dossier::v1::content;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::{long_name, long_text},
    i18n::filters,
    sections::records::{
        kind::Kind,
        period::Preset::{self, All, Custom, LastYear, ThisYear},
    },
};

/// A finished evaluation.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/evaluation.html")]
pub struct EvaluationView {
    /// The title.
    pub title: String,
    /// Who led the evaluation.
    pub author: String,
    /// That person's role.
    pub author_role: String,
    /// What was found.
    pub text: String,
    /// What was found for each goal.
    pub goals: Vec<EvaluatedGoalView>,
}

/// A goal and what was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvaluatedGoalView {
    /// The goal.
    pub goal: String,
    /// What was found.
    pub finding: String,
}

impl Kind for EvaluationView {
    const PRESETS: &'static [Preset] = &[All, LastYear, ThisYear, Custom];
    const PANEL_ROWS: usize = 1;

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Evaluation(it) = kind else { return None };
        let goals = it.goals.into_iter().map(|it| EvaluatedGoalView { goal: it.goal, finding: it.finding });
        Some(Self {
            title: it.title,
            author: it.author,
            author_role: it.author_role,
            text: it.text,
            goals: goals.collect(),
        })
    }

    fn row(&self) -> (String, String) {
        (self.title.clone(), format!("{}, {}", self.author, self.author_role))
    }

    fn examples() -> Vec<Self> {
        vec![Self {
            title: "Evaluatie van het zorgplan".to_owned(),
            author: long_name(),
            author_role: "EVV'er".to_owned(),
            text: long_text(),
            goals: vec![EvaluatedGoalView { goal: "Zelf koffie zetten".to_owned(), finding: long_text() }],
        }]
    }
}
