//! Converts records between the messages of the contract and the types of the domain.

use chassis::{FieldFault, fields::Fields, time};
use jiff::Timestamp;
use prost::Message;
use proto::dossier::v1::{self, Entry, ErrorReason, GetRecordResponse, Record, ReportKind, content::Kind};

use super::{Found, Incoming, PORTAL, RecordId, Stored, content};
use crate::client::parse_origin;

/// The largest content of a record, in bytes. A larger content is refused, so that the answer with a page of 20 records
/// stays below gRPC's limit of 4 MiB for a message.
const MAX_CONTENT_SIZE: usize = 128 * 1024;

/// Validates a record and gives it a new id.
///
/// # Errors
/// All fields that are missing or malformed.
pub fn parse(record: Record, now: Timestamp) -> Result<Incoming, Vec<FieldFault<ErrorReason>>> {
    let mut fields = Fields::new("record.");
    let origin = parse_origin(&mut fields, record.origin);
    if origin.as_ref().is_some_and(|origin| origin.source == PORTAL) {
        fields.fault("origin.source", ErrorReason::FieldMalformed);
    }
    fields.text("client_external_id", &record.client_external_id, 128);
    let mut content = record.content.unwrap_or_default();
    let judged = content::judge(&mut content, &mut fields);
    if content.encoded_len() > MAX_CONTENT_SIZE {
        fields.fault("content", ErrorReason::FieldTooLong);
    }
    if matches!(&content.kind, Some(Kind::Report(report)) if report.kind() == ReportKind::Own) {
        fields.fault("kind", ErrorReason::FieldMalformed);
    }
    let faults = fields.faults();
    match (origin, judged) {
        (Some(origin), Some((section, facts))) if faults.is_empty() => Ok(Incoming {
            id: RecordId::new(now),
            origin,
            client_external_id: record.client_external_id,
            section,
            facts,
            content: content.encode_to_vec(),
        }),
        _ => Err(faults),
    }
}

impl From<Stored> for Entry {
    fn from(stored: Stored) -> Self {
        let is_retracted = stored.content.is_none();
        Self {
            record_id: stored.id.to_string(),
            source: stored.source,
            at: Some(time::to_proto(stored.at)),
            ends_at: (stored.ends_at != stored.at).then(|| time::to_proto(stored.ends_at)),
            changed_at: Some(time::to_proto(stored.changed_at)),
            retracted_at: is_retracted.then(|| time::to_proto(stored.changed_at)),
            content: stored.content,
            section: stored.section.into(),
        }
    }
}

impl From<Found> for GetRecordResponse {
    fn from(found: Found) -> Self {
        let origin = v1::Origin {
            source: found.origin.source,
            external_id: found.origin.external_id,
            version: found.origin.version,
        };
        Self {
            section: found.record.section.into(),
            entry: Some(found.record.into()),
            client_id: found.client.to_string(),
            origin: Some(origin),
        }
    }
}
