use std::time::Duration;

use chassis::token::Caller;
use prost::Message;
use proto::{
    dossier::v1::{
        ImportRecordsRequest, ImportRecordsResponse, RecordsImported, UpsertOutcome, UpsertRecordRequest,
        import_records_request::Item, import_records_response::Result as Outcome,
    },
    identity::v1::SystemRevoked,
};
use store::About;
use testkit::{
    grpc, outbox,
    records::{client_record, record_of, sections},
};
use tokio_stream::StreamExt;

use crate::support::{Service, ecd, reader, reason, report_record};

async fn import(service: &Service, records: Vec<(bool, Item)>) -> Vec<ImportRecordsResponse> {
    let requests = (1..).zip(records).map(|(sequence, (historic, record))| ImportRecordsRequest {
        sequence,
        historic,
        item: Some(record),
    });
    let requests: Vec<_> = requests.collect();
    let answer = service.call_as(&ecd(1)).import_records(tokio_stream::iter(requests)).await.unwrap();
    answer.into_inner().map(Result::unwrap).collect().await
}

fn report(number: usize) -> Item {
    let at = format!("2027-05-03T12:{:02}:{:02}", number / 60 % 60, number % 60);
    Item::Record(report_record("C1", &number.to_string(), &at, "Goed."))
}

fn outcomes(results: &[ImportRecordsResponse]) -> Vec<UpsertOutcome> {
    results
        .iter()
        .map(|result| match result.result.as_ref().unwrap() {
            Outcome::Imported(record) => record.outcome(),
            Outcome::Refused(_) => UpsertOutcome::Unspecified,
        })
        .collect()
}

#[tokio::test]
async fn a_repeated_import_changes_nothing_and_emits_no_event() {
    let service = Service::start().await;
    let records = || {
        let client = Item::Client(client_record("C1", 1, "mevrouw A. de Vries"));
        let mut records = vec![(true, client)];
        records.extend((0..1200).map(|number| (true, report(number))));
        records
    };
    let first = import(&service, records()).await;
    assert_eq!(first.len(), 1201);
    assert!(outcomes(&first).iter().all(|outcome| *outcome == UpsertOutcome::Created));
    let second = import(&service, records()).await;
    assert!(outcomes(&second).iter().all(|outcome| *outcome == UpsertOutcome::Unchanged));

    let events = outbox::events::<RecordsImported>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(
        events.iter().flat_map(|(_, batch)| &batch.counts).map(|it| it.records).sum::<i32>(),
        1200,
        "the repeat emits none"
    );
    assert!(events.iter().all(|(_, batch)| batch.historic), "historic reports are marked");
}

#[tokio::test]
async fn a_record_repeated_in_one_batch_is_saved_once() {
    let service = Service::start().await;
    service.client(1, "C1").await;
    let results = import(&service, vec![(false, report(1)), (false, report(1)), (false, report(2))]).await;
    assert_eq!(
        outcomes(&results),
        [UpsertOutcome::Created, UpsertOutcome::Unchanged, UpsertOutcome::Created]
    );
}

#[tokio::test]
async fn an_import_leaves_an_audit_record_for_each_client() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let before = service.audit_records().await.len();
    import(&service, vec![(false, report(1)), (false, report(2))]).await;
    let records = service.audit_records().await;
    let added = &records[before..];
    assert!(added.iter().all(|(method, ..)| method.ends_with("/ImportRecords")), "{added:?}");
    // The stream was opened: that record names no client. Each batch has a record for each of its clients.
    assert_eq!(added.iter().filter(|(.., id)| id.is_none()).count(), 1, "{added:?}");
    assert!(added.iter().any(|(.., id)| *id == Some(client.uuid())), "{added:?}");
    assert_eq!(service.texts(&reader(1, client), "", "").await.len(), 2);
}

/// An import that has got the answer to its one record, and sends no other.
async fn idle_import(service: &Service) -> tonic::Streaming<ImportRecordsResponse> {
    let record = Some(Item::Client(client_record("C1", 1, "mevrouw A. de Vries")));
    let first = ImportRecordsRequest { sequence: 1, historic: false, item: record };
    let records = tokio_stream::once(first).chain(tokio_stream::pending());
    let mut answers = service.call_as(&ecd(1)).import_records(records).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().sequence, 1);
    answers
}

#[tokio::test]
async fn an_import_ends_with_its_token() {
    let service = Service::start().await;
    let mut answers = idle_import(&service).await;
    service.process.clock.advance(Duration::from_secs(91));
    assert_eq!(reason(answers.message().await), "TOKEN_REFUSED");
}

#[tokio::test]
async fn an_import_of_a_system_that_identity_revokes_ends() {
    let service = Service::start().await;
    let mut answers = idle_import(&service).await;
    let Caller::System { organisation, system, .. } = ecd(1) else { unreachable!() };
    let about = About::new(system.uuid(), 1);
    service.process.receive_event(organisation, about, &SystemRevoked {}).await;
    assert_eq!(reason(answers.message().await), "TOKEN_REFUSED");
}

#[tokio::test]
async fn what_was_acknowledged_before_a_cut_is_in_and_the_rest_is_not() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let (sender, records) = tokio::sync::mpsc::channel(4);
    let records = tokio_stream::wrappers::ReceiverStream::new(records);
    let request = |number: usize| ImportRecordsRequest {
        sequence: i64::try_from(number).unwrap(),
        historic: false,
        item: Some(report(number)),
    };
    sender.send(request(1)).await.unwrap();
    let mut answers = service.call_as(&ecd(1)).import_records(records).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().sequence, 1);
    // The sender goes away in the middle of its stream.
    drop((answers, sender));
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["Goed."]);
    let again = import(&service, vec![(false, report(1)), (false, report(2))]).await;
    assert_eq!(outcomes(&again), [UpsertOutcome::Unchanged, UpsertOutcome::Created]);
}

#[tokio::test]
async fn every_kind_comes_in_by_one_stream_and_is_told_by_section() {
    let service = Service::start().await;
    service.client(1, "C1").await;
    let records = sections()
        .map(|section| (false, Item::Record(record_of(section, "C1", "R1", testkit::monday_morning(), "x"))));
    let results = import(&service, records.collect()).await;
    assert!(outcomes(&results).iter().all(|outcome| *outcome == UpsertOutcome::Created));
    let mut superuser = service.process.database.as_superuser().await;
    let events = outbox::events::<RecordsImported>(&mut superuser).await;
    let mut told: Vec<i32> = events.iter().flat_map(|(_, it)| &it.counts).map(|it| it.section).collect();
    told.sort_unstable();
    assert_eq!(told, sections().map(i32::from).collect::<Vec<_>>());
    // The trail names each section that the batch touched.
    let audited: Vec<i32> = sqlx::query_scalar(
        "SELECT DISTINCT section FROM audit_record WHERE method LIKE '%/ImportRecords' AND section > 0 ORDER BY 1",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(audited, told);
}

#[tokio::test]
async fn a_text_that_is_no_utf8_ends_its_call_alone() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let record = report_record("C1", "R1", "2027-05-03T12:00:00", "ZZZZ");
    let mut bytes = UpsertRecordRequest { record: Some(record) }.encode_to_vec();
    let at = bytes.windows(4).position(|window| window == b"ZZZZ").unwrap();
    bytes[at] = 0xff;
    let path = "/zorgportaal.dossier.v1.DossierService/UpsertRecord";
    let refused = grpc::call(service.process.channel_as(&ecd(1)), path, &bytes).await.unwrap_err();
    assert!(!refused.message().contains("ZZZ"), "{refused:?}");
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "Goed.")).await.unwrap();
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["Goed."]);
}
