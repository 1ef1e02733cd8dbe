//! A finished evaluation (P76, R36).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Evaluation},
};

use super::{Facts, Kind};

impl Kind for Evaluation {
    const SECTION: Section = Section::Evaluations;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("title", &mut self.title, 200);
        fields.line("author", &mut self.author, 200);
        fields.line("author_role", &mut self.author_role, 100);
        fields.lines("text", &mut self.text, 20_000);
        fields.count("goals", self.goals.len(), 0..=100);
        for (index, goal) in self.goals.iter_mut().enumerate().take(100) {
            fields.lines(&format!("goals.{index}.goal"), &mut goal.goal, 2_000);
            fields.lines(&format!("goals.{index}.finding"), &mut goal.finding, 5_000);
        }
        fields.instant("finished_at", self.finished_at.as_ref()).map(Facts::of_moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn an_evaluation_that_is_not_finished_is_refused() {
        let (faults, facts) = judged(&mut Evaluation::default());
        assert_eq!((faults.last().unwrap().as_str(), facts), ("finished_at FIELD_MISSING", None));
    }
}
