//! A report of care that was given (T75, H12).

use chassis::{fields::Fields, typed};
use proto::{
    access::v1::Section,
    dossier::v1::{ErrorReason, Report, ReportKind},
};

use super::{Facts, Kind};

impl Kind for Report {
    const SECTION: Section = Section::Reports;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.text("text", &self.text, 20_000);
        fields.text("author", &self.author, 200);
        fields.text("author_role", &self.author_role, 100);
        match ReportKind::try_from(self.kind) {
            Err(_) => fields.fault("kind", ErrorReason::FieldMalformed),
            Ok(ReportKind::Unspecified) => fields.fault("kind", ErrorReason::FieldMissing),
            Ok(_) => {}
        }
        self.text = typed::text(&self.text);
        self.author = typed::name(&self.author);
        self.author_role = typed::name(&self.author_role);
        fields.instant("written_at", self.written_at.as_ref()).map(Facts::of_moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_field_of_a_report_is_named() {
        let mut fields = Fields::new("record.");
        let mut report = Report { kind: 99, text: "x".repeat(20_001), ..Report::default() };
        assert_eq!(report.judge(&mut fields), None);
        let names: Vec<_> = fields.faults().into_iter().map(|fault| fault.name).collect();
        assert_eq!(
            names,
            ["record.text", "record.author", "record.author_role", "record.kind", "record.written_at"]
        );
    }
}
