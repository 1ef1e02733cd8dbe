//! The content of a record: one of the kinds.

use chassis::fields::Fields;
use prost::Message;
use proto::{
    access::v1::Section,
    dossier::v1::{Content, ErrorReason, content::Kind},
};
use store::StoreError;

use crate::kinds::{self, Facts};

/// Checks the content by the rules of its kind and tidies its texts. Faults are added to `fields`.
pub fn judge(content: &mut Content, fields: &mut Fields<ErrorReason>) -> Option<(Section, Facts)> {
    match &mut content.kind {
        None => {
            fields.fault("content", ErrorReason::FieldMissing);
            None
        }
        Some(Kind::Report(report)) => judge_kind(report, fields),
    }
}

fn judge_kind<K: kinds::Kind>(kind: &mut K, fields: &mut Fields<ErrorReason>) -> Option<(Section, Facts)> {
    Some((K::SECTION, kind.judge(fields)?))
}

/// Reads stored content.
///
/// # Errors
/// When the bytes are no content of this contract.
pub fn decode(bytes: &[u8]) -> Result<Content, StoreError> {
    Content::decode(bytes).map_err(|error| StoreError::Database(sqlx::Error::Decode(Box::new(error))))
}
