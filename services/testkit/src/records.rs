//! Examples of the records and registrations that an ECD (the organisation's record system) sends.

use chassis::{id::AccountId, time};
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{ClientRecord, Content, Origin, Record, Report, ReportKind, content::Kind},
    identity::v1::{Consent, RegisterAccountRequest, RelationKind},
};

/// The id and version of a record in the ECD.
#[must_use]
pub fn origin(external_id: &str, version: i64) -> Origin {
    Origin { source: "ecd".to_owned(), external_id: external_id.to_owned(), version }
}

/// The record of a client.
#[must_use]
pub fn client_record(external_id: &str, version: i64, name: &str) -> ClientRecord {
    ClientRecord {
        origin: Some(origin(external_id, version)),
        name: name.to_owned(),
        birth_date: "1938-04-21".to_owned(),
    }
}

/// The first version of a report. `client` is the client's external id.
#[must_use]
pub fn report_record(client: &str, external_id: &str, written_at: Timestamp, text: &str) -> Record {
    let report = Report {
        text: text.to_owned(),
        author: "Sanne Kuipers".to_owned(),
        author_role: "verzorgende IG".to_owned(),
        written_at: Some(time::to_proto(written_at)),
        kind: ReportKind::Daily.into(),
    };
    Record {
        origin: Some(origin(external_id, 1)),
        client_external_id: client.to_owned(),
        content: Some(Content { kind: Some(Kind::Report(report)) }),
    }
}

/// The report in the content of a record.
///
/// # Panics
/// When the content is another kind's, or blanked.
#[must_use]
pub fn report_of(content: Option<Content>) -> Report {
    let Kind::Report(report) = content.and_then(|content| content.kind).unwrap();
    report
}

/// A registration that may read reports and manage users. The user name is the e-mail address.
#[must_use]
pub fn registration(
    account: AccountId,
    client: &str,
    email: &str,
    relation: RelationKind,
    given_at: Timestamp,
) -> RegisterAccountRequest {
    let name = "mevrouw A. de Vries";
    let grant = |section: Section, actions: &[Action]| Grant {
        section: section.into(),
        actions: actions.iter().map(|&action| action.into()).collect(),
    };
    RegisterAccountRequest {
        account_id: account.to_string(),
        username: email.to_owned(),
        display_name: name.to_owned(),
        email: email.to_owned(),
        language: String::new(),
        client_id: client.to_owned(),
        relation: relation.into(),
        grants: vec![
            grant(Section::Reports, &[Action::View]),
            grant(Section::Users, &[Action::View, Action::Write]),
        ],
        consent: Some(Consent {
            given_by: name.to_owned(),
            ground: "toestemming van de cliënt".to_owned(),
            given_at: Some(time::to_proto(given_at)),
            valid_from: None,
            valid_until: None,
        }),
        phone: "+31612345678".to_owned(),
        legal_entity: String::new(),
        representative: i32::from(relation == RelationKind::Representative),
    }
}
