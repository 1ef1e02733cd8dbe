//! Questions and answers, in a questionnaire or a form.

use proto::dossier::v1::Answer;
use serde::Serialize;
use utoipa::ToSchema;

/// A question and its answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerView {
    /// The question.
    pub question: String,
    /// The answer; empty: no answer was given.
    pub answer: String,
}

impl AnswerView {
    /// From the contract.
    #[must_use]
    pub fn list(answers: Vec<Answer>) -> Vec<Self> {
        answers.into_iter().map(|it| Self { question: it.question, answer: it.answer }).collect()
    }
}
