//! The content of a record: one of the kinds.

use chassis::fields::Fields;
use prost::Message;
use proto::{
    access::v1::Section,
    dossier::v1::{Content, ErrorReason},
};
use store::StoreError;

use crate::kinds::{self, Facts, Kind as _, with_kind};

/// Checks the content by the rules of its kind and tidies its texts. Faults are added to `fields`.
pub fn judge(content: &mut Content, fields: &mut Fields<ErrorReason>) -> Option<(Section, Facts)> {
    let Some(kind) = &mut content.kind else {
        fields.fault("content", ErrorReason::FieldMissing);
        return None;
    };
    with_kind!(kind, content => judge_kind(content, fields))
}

fn judge_kind<K: kinds::Kind>(kind: &mut K, fields: &mut Fields<ErrorReason>) -> Option<(Section, Facts)> {
    Some((K::SECTION, kind.judge(fields)?))
}

/// The words of the record's code; empty where people do not choose by code.
#[must_use]
pub fn code_name(content: &Content) -> &str {
    let name = content.kind.as_ref().and_then(|kind| with_kind!(kind, content => content.code_name()));
    name.unwrap_or_default()
}

/// Reads stored content.
///
/// # Errors
/// When the bytes are no content of this contract.
pub fn decode(bytes: &[u8]) -> Result<Content, StoreError> {
    Content::decode(bytes).map_err(|error| StoreError::Database(sqlx::Error::Decode(Box::new(error))))
}
