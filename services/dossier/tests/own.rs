//! Reports that people write in the portal (V36), and the command that reads stored content again.

use chassis::token::Caller;
use proto::{
    access::v1::{Action, Level, Section},
    dossier::v1::{GetRecordRequest, RecordAdded, ReportKind, Selection, WriteReportRequest},
    identity::v1::{OrganisationConfigured, OrganisationSettings},
};
use store::{About, service::Service as _};
use testkit::{
    caller, monday_morning, outbox,
    records::{record_of, report_of},
};

use crate::support::{Service, ecd, reader, reason, texts_of};

fn writer(client: chassis::id::ClientId) -> Caller {
    let grants = [(Section::Reports, Action::View), (Section::Reports, Action::Write)];
    caller::account(caller::organisation(1), client, &grants, Level::Low)
}

async fn write(service: &Service, caller: &Caller, text: &str) -> Result<String, tonic::Status> {
    let request = WriteReportRequest { text: text.to_owned() };
    Ok(service.call_as(caller).write_report(request).await?.into_inner().record_id)
}

#[tokio::test]
async fn a_report_of_a_person_is_marked_and_told_to_the_record_system() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let id = write(&service, &writer(client), " Wij waren \u{202e}er ook.\n").await.unwrap();
    let listing = service.list(&reader(1, client), Selection::default()).await.unwrap();
    let [entry] = &listing.entries[..] else { panic!("{listing:?}") };
    assert_eq!((&entry.record_id, &*entry.source), (&id, "portal"));
    let report = report_of(entry.content.clone());
    assert_eq!((&*report.text, report.kind()), ("Wij waren er ook.", ReportKind::Own));
    assert_eq!((&*report.author, &*report.author_role), ("Jan de Vries", "relative"));
    assert_eq!(listing.sources, [], "the portal is no source that can fall silent");

    let mut superuser = service.process.database.as_superuser().await;
    let (event, added) = outbox::events::<RecordAdded>(&mut superuser).await.pop().unwrap();
    assert_eq!((&event.client_id, &added.record_id), (&client.to_string(), &id));
    let request = GetRecordRequest { record_id: id };
    let got = service.call_as(&ecd(1)).get_record(request).await.unwrap().into_inner();
    assert_eq!(report_of(got.entry.unwrap().content).text, "Wij waren er ook.");
}

#[tokio::test]
async fn an_empty_report_and_a_flood_of_reports_are_refused() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    for (text, wanted) in [(" \u{200b}", "FIELD_MISSING"), (&*"x".repeat(20_001), "FIELD_TOO_LONG")] {
        assert_eq!(reason(write(&service, &writer(client), text).await), wanted);
    }
    for number in 0..50 {
        write(&service, &writer(client), &number.to_string()).await.unwrap();
    }
    assert_eq!(reason(write(&service, &writer(client), "x").await), "TOO_MANY_REPORTS");
    let other = service.client(1, "C2").await;
    write(&service, &writer(other), "x").await.unwrap();
    service.process.clock.advance(std::time::Duration::from_hours(24));
    write(&service, &writer(client), "morgen").await.unwrap();
    let listing = service.list(&reader(1, client), Selection { page_size: 100, ..Default::default() }).await;
    assert_eq!(texts_of(listing.unwrap()).len(), 51);
}

#[tokio::test]
async fn reindex_stores_times_and_codes_anew_from_the_content() {
    let service = Service::start().await;
    service.client(1, "C1").await;
    service.report(1, record_of(Section::Measurements, "C1", "1", monday_morning(), "x")).await.unwrap();
    service.report(1, record_of(Section::CarePlans, "C1", "1", monday_morning(), "x")).await.unwrap();
    let settings = Some(OrganisationSettings::default());
    let configured = OrganisationConfigured { settings };
    let organisation = caller::organisation(1);
    service.process.receive_event(organisation, About::new(organisation.uuid(), 1), &configured).await;
    let db = service.process.database.db("dossier");
    let mut superuser = service.process.database.as_superuser().await;
    let facts =
        "SELECT string_agg(r::text, '|' ORDER BY id) FROM (SELECT id, at, ends_at, code FROM record) AS r";
    let stored: String = sqlx::query_scalar(facts).fetch_one(&mut superuser).await.unwrap();
    sqlx::raw_sql("UPDATE record SET code = '', ends_at = at WHERE section = 6")
        .execute(&mut superuser)
        .await
        .unwrap();
    assert_eq!(dossier::Dossier::reindex(db.clone(), monday_morning()).await.unwrap(), 1);
    let again: String = sqlx::query_scalar(facts).fetch_one(&mut superuser).await.unwrap();
    assert_eq!(again, stored);
    assert_eq!(dossier::Dossier::reindex(db.clone(), monday_morning()).await.unwrap(), 0);
    // Content that the rules of today refuse stays as it is.
    sqlx::raw_sql("UPDATE record SET code = 'old', content = '\\x32020a00' WHERE section = 6")
        .execute(&mut superuser)
        .await
        .unwrap();
    assert_eq!(dossier::Dossier::reindex(db.clone(), monday_morning()).await.unwrap(), 0);
}
