//! Converts reports between the messages of the contract and the types of the domain.

use chassis::{FieldFault, fields::Fields, time, typed};
use jiff::Timestamp;
use proto::dossier::v1::{self, ErrorReason, ReportKind, ReportRecord};

use super::{Content, Incoming, Report, ReportId};
use crate::client::parse_origin;

/// Validates a report's record and gives the report a new id.
///
/// # Errors
/// All fields that are missing or malformed.
pub fn parse(record: ReportRecord, now: Timestamp) -> Result<Incoming, Vec<FieldFault<ErrorReason>>> {
    let mut fields = Fields::new("report.");
    let kind = ReportKind::try_from(record.kind);
    let origin = parse_origin(&mut fields, record.origin);
    fields.text("client_external_id", &record.client_external_id, 128);
    fields.text("text", &record.text, 20_000);
    fields.text("author", &record.author, 200);
    fields.text("author_role", &record.author_role, 100);
    let written_at = fields.instant("written_at", record.written_at.as_ref());
    match kind {
        Err(_) => fields.fault("kind", ErrorReason::FieldMalformed),
        Ok(ReportKind::Unspecified) => fields.fault("kind", ErrorReason::FieldMissing),
        Ok(_) => {}
    }
    let faults = fields.faults();
    match (origin, written_at, kind) {
        (Some(origin), Some(written_at), Ok(kind)) if faults.is_empty() => Ok(Incoming {
            id: ReportId::new(now),
            origin,
            client_external_id: record.client_external_id,
            content: Content {
                text: typed::text(&record.text),
                author: typed::name(&record.author),
                author_role: typed::name(&record.author_role),
                written_at,
                kind,
            },
        }),
        _ => Err(faults),
    }
}

impl From<Report> for v1::Report {
    fn from(report: Report) -> Self {
        Self {
            report_id: report.id.to_string(),
            client_id: report.client.to_string(),
            text: report.content.text,
            author: report.content.author,
            author_role: report.content.author_role,
            written_at: Some(time::to_proto(report.content.written_at)),
            kind: report.content.kind.into(),
        }
    }
}
