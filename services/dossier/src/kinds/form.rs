//! A form that was added to the dossier (R28).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Form},
};

use super::{Facts, Kind, questionnaire::judge_answers};

impl Kind for Form {
    const SECTION: Section = Section::Forms;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("title", &mut self.title, 200);
        fields.line("author", &mut self.author, 200);
        judge_answers(&mut self.answers, fields);
        fields.instant("added_at", self.added_at.as_ref()).map(Facts::of_moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn a_form_says_something() {
        let faults = judged(&mut Form::default()).0;
        assert!(faults.contains(&"answers FIELD_MISSING".to_owned()), "{faults:?}");
    }
}
