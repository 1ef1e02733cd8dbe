//! Questions and answers, in a questionnaire or a form.

use proto::dossier::v1::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::example::long_text;

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

    /// Answers with the hardest content, for the style guide.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        let answer = |answer: String| Self { question: "Hoe gaat het lopen?".to_owned(), answer };
        vec![answer("Goed, met de rollator.".to_owned()), answer(String::new()), answer(long_text())]
    }
}
