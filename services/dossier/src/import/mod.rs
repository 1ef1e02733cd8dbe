//! Import: any number of records, in any mix; each is judged by itself and told what became of it.

mod batch;
pub mod rpc;

use chassis::failure::Field;
use proto::dossier::v1::{
    ErrorReason, ImportRecordsResponse, ImportedRecord, RefusedRecord, UpsertOutcome,
    import_records_response::Result as Outcome,
};

/// A record that stands.
fn imported(sequence: i64, id: &impl ToString, outcome: UpsertOutcome) -> ImportRecordsResponse {
    let record = ImportedRecord { id: id.to_string(), outcome: outcome.into() };
    ImportRecordsResponse { sequence, result: Some(Outcome::Imported(record)) }
}

/// A record that was refused, for its first fault.
fn refused(sequence: i64, faults: &[Field]) -> ImportRecordsResponse {
    let (field, reason) =
        faults.first().map_or(("record", "FIELD_MISSING"), |fault| (fault.name.as_str(), fault.reason));
    let reason = ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}"));
    refused_for(sequence, field, reason.unwrap_or(ErrorReason::FieldMalformed))
}

fn refused_for(sequence: i64, field: &str, reason: ErrorReason) -> ImportRecordsResponse {
    let record = RefusedRecord { field: field.to_owned(), reason: reason.into() };
    ImportRecordsResponse { sequence, result: Some(Outcome::Refused(record)) }
}
