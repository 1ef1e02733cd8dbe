//! Adds what a check finds to its answer.

use proto::event::v1::{AuditFault, AuditFaultKind, VerifyAuditResponse};
use uuid::Uuid;

/// The most faults that one answer lists.
const MAX_FAULTS: usize = 100;

/// Whether the answer can list no more faults.
pub(super) const fn is_full(found: &VerifyAuditResponse) -> bool {
    found.faults.len() >= MAX_FAULTS
}

/// Adds a fault of a record in a chain.
pub(super) fn add_fault(
    found: &mut VerifyAuditResponse,
    writer: Uuid,
    sequence: i64,
    record: Option<Uuid>,
    kind: AuditFaultKind,
) {
    if !is_full(found) {
        found.faults.push(AuditFault {
            writer_id: writer.to_string(),
            sequence,
            record_id: record.map(|id| id.to_string()).unwrap_or_default(),
            kind: kind.into(),
        });
    }
}

/// Adds a fault of an event in the log.
pub(super) fn add_event_fault(
    found: &mut VerifyAuditResponse,
    position: i64,
    event: Option<Uuid>,
    kind: AuditFaultKind,
) {
    add_fault(found, Uuid::nil(), position, event, kind);
}
