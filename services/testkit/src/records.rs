//! Examples of the records and registrations that an ECD (the organisation's record system) sends.

use chassis::{id::AccountId, time};
use jiff::Timestamp;
use prost::Name;
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{
        Answer, CareAgreement, CareArea, CareGoal, CareGoalState, CarePlan, CarePlanState, ClientRecord,
        Content, Document, EvaluatedGoal, Evaluation, Form, MeasuredValue, Measurement, Origin,
        Questionnaire, Record, Report, ReportKind, Subscription, content::Kind,
    },
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

/// A valid record of a kind, the first version, with `text` in one of its texts. Records about days begin on the day of
/// `at` in the Netherlands.
///
/// # Panics
/// When the section has no kind of record.
#[must_use]
pub fn record_of(section: Section, client: &str, external_id: &str, at: Timestamp, text: &str) -> Record {
    let (text, when) = (text.to_owned(), Some(time::to_proto(at)));
    let day = at.to_zoned(chassis::calendar::zone()).date().to_string();
    let (name, author) = ("gewicht".to_owned(), "Sanne Kuipers".to_owned());
    let answers = || vec![Answer { question: "Hoe gaat het?".to_owned(), answer: text.clone() }];
    let kind = match section {
        Section::Reports => return report_record(client, external_id, at, &text),
        Section::Measurements => Kind::Measurement(Measurement {
            r#type: name.clone(),
            name: "Gewicht".to_owned(),
            measured_at: when,
            values: vec![MeasuredValue { name: String::new(), value: 72.5, unit: "kg".to_owned() }],
            remark: text,
        }),
        Section::Questionnaires => Kind::Questionnaire(Questionnaire {
            answers: answers(),
            r#type: "valrisico".to_owned(),
            title: "Valrisico".to_owned(),
            completed_at: when,
            author,
        }),
        Section::Forms => {
            Kind::Form(Form { answers: answers(), title: "Intake".to_owned(), added_at: when, author })
        }
        Section::CarePlans => Kind::CarePlan(CarePlan {
            plan_id: "P1".to_owned(),
            title: text.clone(),
            agreed_on: day.clone(),
            starts_on: day,
            ends_on: String::new(),
            state: CarePlanState::Current.into(),
            areas: vec![CareArea {
                name: "Mobiliteit".to_owned(),
                situation: text.clone(),
                goals: vec![CareGoal { text, state: CareGoalState::Active.into(), actions: vec![name] }],
            }],
        }),
        Section::Evaluations => Kind::Evaluation(Evaluation {
            title: "Evaluatie".to_owned(),
            finished_at: when,
            author,
            author_role: "EVV'er".to_owned(),
            goals: vec![EvaluatedGoal { goal: name, finding: text.clone() }],
            text,
        }),
        Section::CareAgreements => Kind::CareAgreement(CareAgreement {
            title: text.clone(),
            signed_on: day.clone(),
            starts_on: day,
            ends_on: String::new(),
            services: vec![text],
        }),
        Section::Subscriptions => Kind::Subscription(Subscription {
            name: text.clone(),
            description: text,
            price: "€ 12,50 per maand".to_owned(),
            starts_on: day,
            ends_on: String::new(),
        }),
        Section::Documents => Kind::Document(Document {
            title: text,
            added_at: when,
            category: "brief".to_owned(),
            file_name: "brief.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: 12_345,
        }),
        other => unreachable!("no kind of record: {other:?}"),
    };
    Record {
        origin: Some(origin(external_id, 1)),
        client_external_id: client.to_owned(),
        content: Some(Content { kind: Some(kind) }),
    }
}

/// The sections that have a kind of record: the numbers of the fields of `Content`.
pub fn sections() -> impl Iterator<Item = Section> {
    let content = chassis::contract::pool().get_message_by_name(&Content::full_name()).unwrap();
    let numbers: Vec<_> = content.fields().map(|field| field.number()).collect();
    numbers.into_iter().map(|number| Section::try_from(i32::try_from(number).unwrap()).unwrap())
}

/// The report in the content of a record.
///
/// # Panics
/// When the content is another kind's, or blanked.
#[must_use]
pub fn report_of(content: Option<Content>) -> Report {
    match content.and_then(|content| content.kind) {
        Some(Kind::Report(report)) => report,
        other => unreachable!("no report: {other:?}"),
    }
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
