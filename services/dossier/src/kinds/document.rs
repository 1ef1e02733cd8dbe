//! What is known about a document in the dossier.

use chassis::fields::Fields;
use proto::{
    access::v1::Section,
    dossier::v1::{Document, ErrorReason},
};

use super::{Facts, Kind};

impl Kind for Document {
    const SECTION: Section = Section::Documents;

    fn judge(&mut self, fields: &mut Fields<ErrorReason>) -> Option<Facts> {
        fields.line("title", &mut self.title, 200);
        fields.optional_line("category", &mut self.category, 100);
        fields.line("file_name", &mut self.file_name, 200);
        fields.line("media_type", &mut self.media_type, 100);
        if self.size_bytes < 1 {
            let is_missing = self.size_bytes == 0;
            let reason = if is_missing { ErrorReason::FieldMissing } else { ErrorReason::FieldMalformed };
            fields.fault("size_bytes", reason);
        }
        fields.instant("added_at", self.added_at.as_ref()).map(Facts::of_moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::judged;

    #[test]
    fn a_document_has_a_size() {
        let faults = |size_bytes| judged(&mut Document { size_bytes, ..Document::default() }).0;
        assert!(faults(0).contains(&"size_bytes FIELD_MISSING".to_owned()));
        assert!(faults(-1).contains(&"size_bytes FIELD_MALFORMED".to_owned()));
    }
}
