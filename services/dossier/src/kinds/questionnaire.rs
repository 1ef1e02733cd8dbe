//! A questionnaire with its answers (V32).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{Answer, ErrorReason, Questionnaire},
};

use super::{Facts, Kind};

impl Kind for Questionnaire {
    const SECTION: Section = Section::Questionnaires;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("type", &mut self.r#type, 64);
        fields.line("title", &mut self.title, 200);
        fields.line("author", &mut self.author, 200);
        judge_answers(&mut self.answers, fields);
        let at = fields.instant("completed_at", self.completed_at.as_ref())?;
        Some(Facts::of_moment(at).with_code(&self.r#type))
    }

    fn code_name(&self) -> Option<&str> {
        Some(&self.title)
    }
}

/// Checks the questions and answers of a questionnaire or form.
pub fn judge_answers(answers: &mut [Answer], fields: &mut Fields<ErrorReason>) {
    fields.count("answers", answers.len(), 1..=200);
    for (index, answer) in answers.iter_mut().enumerate().take(200) {
        fields.line(&format!("answers.{index}.question"), &mut answer.question, 1_000);
        fields.optional_lines(&format!("answers.{index}.answer"), &mut answer.answer, 5_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn an_answer_may_be_empty_and_a_question_may_not() {
        let mut questionnaire = Questionnaire {
            r#type: "valrisico".to_owned(),
            title: "Valrisico".to_owned(),
            author: "Sanne Kuipers".to_owned(),
            completed_at: Some(prost_types::Timestamp { seconds: 1_800_000_000, nanos: 0 }),
            answers: vec![
                Answer { question: "Gevallen?".to_owned(), answer: String::new() },
                Answer::default(),
            ],
        };
        let (faults, facts) = judged(&mut questionnaire);
        assert_eq!(faults, ["answers.1.question FIELD_MISSING"]);
        assert_eq!(facts.unwrap().code, "valrisico");
    }
}
