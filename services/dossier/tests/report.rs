use proto::access::v1::Section;
use proto::dossier::v1::{
    Content, Record, RecordAdded, RecordChanged, RecordRetracted, RetractRecordRequest, Selection,
    UpsertOutcome, content::Kind,
};
use testkit::{
    outbox,
    records::{origin, report_of},
};

use crate::support::{Service, ecd, reader, reason, report_record, texts_of};

fn set_text(record: &mut Record, text: &str) {
    let report = proto::dossier::v1::Report { text: text.to_owned(), ..report_of(record.content.take()) };
    record.content = Some(Content { kind: Some(Kind::Report(report)) });
}

#[tokio::test]
async fn reports_are_listed_newest_first_by_dutch_day_and_page() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let reader = reader(1, client);
    for (number, at) in [
        "2027-05-02T23:59:59",
        "2027-05-03T00:00:00",
        "2027-05-03T12:00:00",
        "2027-05-03T23:59:59",
        "2027-05-04T00:00:00",
    ]
    .into_iter()
    .enumerate()
    {
        service.report(1, report_record("C1", &number.to_string(), at, &number.to_string())).await.unwrap();
    }
    assert_eq!(service.texts(&reader, "", "").await, ["4", "3", "2", "1", "0"], "T76");
    assert_eq!(service.texts(&reader, "2027-05-03", "2027-05-03").await, ["3", "2", "1"], "P61");
    assert_eq!(service.texts(&reader, "2027-05-04", "").await, ["4"]);
    assert_eq!(service.texts(&reader, "", "2027-05-02").await, ["0"]);

    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = Selection { page_size: 2, page_token, ..Default::default() };
        let page = service.list(&reader, request).await.unwrap();
        assert!(page.entries.len() <= 2);
        page_token = page.next_page_token.clone();
        seen.extend(texts_of(page));
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn pages_neither_lose_nor_repeat_reports_of_one_moment() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    for number in 0..7 {
        let record = report_record("C1", &number.to_string(), "2027-05-03T12:00:00", &number.to_string());
        service.report(1, record).await.unwrap();
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut page_token = String::new();
    for _ in 0..4 {
        let request = Selection { page_size: 2, page_token, ..Default::default() };
        let page = service.list(&reader(1, client), request).await.unwrap();
        page_token = page.next_page_token.clone();
        for text in texts_of(page) {
            assert!(seen.insert(text));
        }
    }
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn only_a_newer_version_changes_a_report() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let mut record = report_record("C1", "R1", "2027-05-03T12:00:00", "eerst");
    let first = service.report(1, record.clone()).await.unwrap();
    assert_eq!(first.outcome(), UpsertOutcome::Created);
    record.origin = Some(origin("R1", 3));
    set_text(&mut record, "later");
    let second = service.report(1, record.clone()).await.unwrap();
    assert_eq!((second.outcome(), &second.record_id), (UpsertOutcome::Updated, &first.record_id));
    for version in [1, 2, 3] {
        record.origin = Some(origin("R1", version));
        set_text(&mut record, "ouder");
        let same = service.report(1, record.clone()).await.unwrap();
        assert_eq!(same.outcome(), UpsertOutcome::Unchanged);
    }
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["later"]);
    let mut superuser = service.process.database.as_superuser().await;
    assert_eq!(outbox::events::<RecordAdded>(&mut superuser).await.len(), 1);
    assert_eq!(outbox::events::<RecordChanged>(&mut superuser).await.len(), 1);
}

#[tokio::test]
async fn a_report_keeps_its_client_and_its_organisation() {
    let service = Service::start().await;
    service.client(1, "C1").await;
    service.client(1, "C2").await;
    service.client(2, "C3").await;
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    let mut moved = report_record("C2", "R1", "2027-05-03T12:00:00", "x");
    moved.origin = Some(origin("R1", 2));
    assert_eq!(reason(service.report(1, moved).await), "CLIENT_DIFFERS");
    let foreign = report_record("C3", "R2", "2027-05-03T12:00:00", "x");
    assert_eq!(reason(service.report(1, foreign).await), "CLIENT_UNKNOWN");
}

#[tokio::test]
async fn a_bad_period_day_or_page_token_is_refused() {
    let service = Service::start().await;
    let reader = reader(1, service.client(1, "C1").await);
    let list = async |from: &str, until: &str, page_token: &str| {
        let request = Selection {
            from: from.to_owned(),
            until: until.to_owned(),
            page_token: page_token.to_owned(),
            page_size: 0,
            ..Selection::default()
        };
        reason(service.list(&reader, request).await)
    };
    assert_eq!(list("2027-05-03", "2027-05-02", "").await, "PERIOD_REVERSED");
    assert_eq!(list("3 mei", "", "").await, "FIELD_MALFORMED");
    assert_eq!(list("", "", "made up").await, "PAGE_TOKEN_MALFORMED");
}

#[tokio::test]
async fn a_retracted_record_leaves_a_mark_and_no_older_version_revives_it() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let record = report_record("C1", "R1", "2027-05-03T12:00:00", "Dit was een vergissing.");
    let stored = service.report(1, record.clone()).await.unwrap();
    service.report(1, report_record("C1", "R2", "2027-05-03T13:00:00", "Dit klopt.")).await.unwrap();
    let retract = async |external_id: &str, version| {
        let request = RetractRecordRequest {
            section: Section::Reports.into(),
            origin: Some(origin(external_id, version)),
        };
        Ok::<_, tonic::Status>(service.call_as(&ecd(1)).retract_record(request).await?.into_inner())
    };
    assert_eq!(reason(retract("R9", 1).await), "RECORD_UNKNOWN", "a retract of what never came");
    assert_eq!(retract("R1", 1).await.unwrap().outcome(), UpsertOutcome::Unchanged, "no newer version");
    let retracted = retract("R1", 3).await.unwrap();
    assert_eq!((retracted.outcome(), &retracted.record_id), (UpsertOutcome::Updated, &stored.record_id));
    assert_eq!(retract("R1", 3).await.unwrap().outcome(), UpsertOutcome::Unchanged, "repeated");
    let older = Record { origin: Some(origin("R1", 2)), ..record.clone() };
    assert_eq!(service.report(1, older).await.unwrap().outcome(), UpsertOutcome::Unchanged);

    let listing = service.list(&reader(1, client), Selection::default()).await.unwrap();
    let marks: Vec<_> =
        listing.entries.iter().map(|entry| (entry.retracted_at.is_some(), entry.content.is_some())).collect();
    assert_eq!(marks, [(false, true), (true, false)], "the mark stands where the record stood");
    let mut superuser = service.process.database.as_superuser().await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM record WHERE encode(content, 'escape') LIKE '%vergissing%'")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert_eq!(left, 0, "the content is gone");
    assert_eq!(outbox::events::<RecordRetracted>(&mut superuser).await.len(), 1);

    let newer = Record { origin: Some(origin("R1", 4)), ..record };
    assert_eq!(service.report(1, newer).await.unwrap().outcome(), UpsertOutcome::Updated);
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["Dit klopt.", "Dit was een vergissing."]);
    assert_eq!(retract("R1", 3).await.unwrap().outcome(), UpsertOutcome::Unchanged, "an older retraction");
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["Dit klopt.", "Dit was een vergissing."]);
}

#[tokio::test]
async fn the_first_page_says_when_each_source_was_last_fed() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    service.client(2, "C1").await;
    // An answer may be ten seconds old.
    let sources = async || {
        service.process.clock.advance(std::time::Duration::from_secs(10));
        let listing = service.list(&reader(1, client), Selection::default()).await.unwrap();
        listing
            .sources
            .into_iter()
            .map(|feed| (feed.source, feed.fed_at.unwrap().seconds))
            .collect::<Vec<_>>()
    };
    assert_eq!(sources().await, []);
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    let fed = service.process.clock.now().as_second();
    service.report(2, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    assert_eq!(sources().await, [("ecd".to_owned(), fed)], "not what another organisation got");
    // What changes nothing shows that the source still sends.
    let fed = service.process.clock.now().as_second();
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    assert_eq!(sources().await, [("ecd".to_owned(), fed)]);
}
