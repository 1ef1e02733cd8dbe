//! Import of any number of client and report records. Each record is validated on its own and gets its own
//! result.

mod batch;
pub mod rpc;

use chassis::FieldFault;
use proto::dossier::v1::{
    ErrorReason, ImportRecordsResponse, ImportedRecord, RefusedRecord, UpsertOutcome,
    import_records_response::Result as Outcome,
};

/// The largest record that the transport takes, in bytes. A record above the limits of its fields is refused by itself;
/// one above this size ends the stream, because what follows cannot be told from the record.
pub const MAX_RECORD_SIZE: usize = 16 * 1024 * 1024;

/// The result of a record that was saved, or was stored already.
fn imported(sequence: i64, id: &impl ToString, outcome: UpsertOutcome) -> ImportRecordsResponse {
    let record = ImportedRecord { id: id.to_string(), outcome: outcome.into() };
    ImportRecordsResponse { sequence, result: Some(Outcome::Imported(record)) }
}

/// The result of a refused record: its first fault. Without a fault, the record itself is missing.
fn refused(sequence: i64, faults: &[FieldFault<ErrorReason>]) -> ImportRecordsResponse {
    match faults.first() {
        Some(fault) => refused_for(sequence, &fault.name, fault.reason),
        None => refused_for(sequence, "record", ErrorReason::FieldMissing),
    }
}

fn refused_for(sequence: i64, field: &str, reason: ErrorReason) -> ImportRecordsResponse {
    let record = RefusedRecord { field: field.to_owned(), reason: reason.into() };
    ImportRecordsResponse { sequence, result: Some(Outcome::Refused(record)) }
}
