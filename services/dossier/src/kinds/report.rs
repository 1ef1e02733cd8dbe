//! A report of care that was given (T75, H12).

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Report, ReportKind},
};

use super::{Facts, Kind};

impl Kind for Report {
    const SECTION: Section = Section::Reports;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.lines("text", &mut self.text, 20_000);
        fields.line("author", &mut self.author, 200);
        fields.line("author_role", &mut self.author_role, 100);
        fields.choice::<ReportKind>("kind", self.kind);
        fields.instant("written_at", self.written_at.as_ref()).map(Facts::of_moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn every_faulty_field_of_a_report_is_named() {
        let mut report = Report { kind: 99, text: "x".repeat(20_001), ..Report::default() };
        let (faults, facts) = judged(&mut report);
        assert_eq!(facts, None);
        assert_eq!(
            faults,
            [
                "text FIELD_TOO_LONG",
                "author FIELD_MISSING",
                "author_role FIELD_MISSING",
                "kind FIELD_MALFORMED",
                "written_at FIELD_MISSING"
            ]
        );
    }
}
