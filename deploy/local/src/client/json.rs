//! Records and registrations as JSON documents: the contract's fields by their names; instants as RFC 3339, kinds in
//! lower case.

use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{
        ClientRecord, ImportRecordsRequest, Origin, ReportKind, ReportRecord,
        import_records_request::Record as Wire,
    },
    identity::v1::{Consent, RegisterAccountRequest, RelationKind, RepresentativeKind},
};
use serde::Deserialize;

use crate::BoxError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
struct Line {
    client: Option<Client>,
    report: Option<Report>,
    #[serde(default)]
    historic: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    source: String,
    external_id: String,
    version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    origin: From,
    name: String,
    #[serde(default)]
    birth_date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    origin: From,
    client_external_id: String,
    text: String,
    author: String,
    author_role: String,
    written_at: Timestamp,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    account_id: String,
    username: String,
    display_name: String,
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    legal_entity: String,
    client_id: String,
    relation: String,
    /// With `representative`: by what right.
    representative: Option<String>,
    grants: Vec<Right>,
    consent: Ground,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Right {
    section: String,
    actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ground {
    given_by: String,
    #[serde(rename = "ground")]
    words: String,
    given_at: Timestamp,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

/// A line of an import file.
///
/// # Errors
/// What is wrong with it, with the field's name.
pub fn record(line: &str) -> Result<ImportRecordsRequest, BoxError> {
    let line: Line = serde_json::from_str(line)?;
    let record = match (line.client, line.report) {
        (Some(client), None) => Wire::Client(ClientRecord {
            origin: Some(client.origin.into()),
            name: client.name,
            birth_date: client.birth_date,
        }),
        (None, Some(report)) => Wire::Report(ReportRecord {
            origin: Some(report.origin.into()),
            client_external_id: report.client_external_id,
            text: report.text,
            author: report.author,
            author_role: report.author_role,
            written_at: Some(instant(report.written_at)),
            kind: named(&report.kind, "REPORT_KIND", ReportKind::from_str_name)?.into(),
        }),
        _ => return Err("a line holds one of `client` and `report`".into()),
    };
    Ok(ImportRecordsRequest { sequence: 0, historic: line.historic, record: Some(record) })
}

/// A registration.
///
/// # Errors
/// What is wrong with it, with the field's name.
pub fn registration(text: &str) -> Result<RegisterAccountRequest, BoxError> {
    let read: Registration = serde_json::from_str(text)?;
    let grants = read.grants.iter().map(|right| {
        let actions: Result<Vec<i32>, BoxError> = right
            .actions
            .iter()
            .map(|action| Ok(named(action, "ACTION", Action::from_str_name)?.into()))
            .collect();
        let section = named(&right.section, "SECTION", Section::from_str_name)?.into();
        Ok(Grant { section, actions: actions? })
    });
    Ok(RegisterAccountRequest {
        account_id: read.account_id,
        username: read.username,
        display_name: read.display_name,
        email: read.email,
        language: read.language,
        client_id: read.client_id,
        relation: named(&read.relation, "RELATION_KIND", RelationKind::from_str_name)?.into(),
        grants: grants.collect::<Result<_, BoxError>>()?,
        consent: Some(Consent {
            given_by: read.consent.given_by,
            ground: read.consent.words,
            given_at: Some(instant(read.consent.given_at)),
            valid_from: read.consent.valid_from.map(instant),
            valid_until: read.consent.valid_until.map(instant),
        }),
        phone: read.phone,
        legal_entity: read.legal_entity,
        representative: match read.representative {
            Some(kind) => named(&kind, "REPRESENTATIVE_KIND", RepresentativeKind::from_str_name)?.into(),
            None => 0,
        },
    })
}

impl std::convert::From<From> for Origin {
    fn from(from: From) -> Self {
        Self { source: from.source, external_id: from.external_id, version: from.version }
    }
}

fn instant(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// A value of an enum of the contract by its short name, such as `daily`.
fn named<E>(name: &str, prefix: &str, find: impl Fn(&str) -> Option<E>) -> Result<E, BoxError> {
    find(&format!("{prefix}_{}", name.to_ascii_uppercase()))
        .ok_or_else(|| format!("there is no {} `{name}`", prefix.to_ascii_lowercase()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_a_fault_is_told_with_its_field() {
        let good = r#"{"report": {"origin": {"source": "ecd", "external_id": "1", "version": 1},
            "client_external_id": "c", "text": "t", "author": "a", "author_role": "r",
            "written_at": "2027-05-03T08:00:00Z", "kind": "daily"}, "historic": true}"#;
        assert!(record(good).unwrap().historic);
        for (right, wrong, told) in [
            ("\"text\": \"t\"", "\"text\": 5", "invalid type"),
            ("\"kind\": \"daily\"", "\"kind\": \"x\"", "report_kind"),
            ("\"author\": \"a\", ", "", "author"),
            ("\"historic\": true", "\"secret\": true", "secret"),
        ] {
            let error = record(&good.replace(right, wrong)).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(record("{}").is_err());
    }
}
