use proto::dossier::v1::{ListReportsRequest, ReportAdded, ReportChanged, UpsertOutcome};
use testkit::{outbox, records::origin};

use crate::support::{Service, reader, reason, report_record};

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
        let request = ListReportsRequest { page_size: 2, page_token, ..Default::default() };
        let page = service.list(&reader, request).await.unwrap();
        assert!(page.reports.len() <= 2);
        seen.extend(page.reports.into_iter().map(|report| report.text));
        page_token = page.next_page_token;
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
        let request = ListReportsRequest { page_size: 2, page_token, ..Default::default() };
        let page = service.list(&reader(1, client), request).await.unwrap();
        for report in page.reports {
            assert!(seen.insert(report.text));
        }
        page_token = page.next_page_token;
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
    record.text = "later".to_owned();
    let second = service.report(1, record.clone()).await.unwrap();
    assert_eq!((second.outcome(), &second.report_id), (UpsertOutcome::Updated, &first.report_id));
    for version in [1, 2, 3] {
        record.origin = Some(origin("R1", version));
        record.text = "ouder".to_owned();
        let same = service.report(1, record.clone()).await.unwrap();
        assert_eq!(same.outcome(), UpsertOutcome::Unchanged);
    }
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["later"]);
    let mut superuser = service.process.database.as_superuser().await;
    assert_eq!(outbox::events::<ReportAdded>(&mut superuser).await.len(), 1);
    assert_eq!(outbox::events::<ReportChanged>(&mut superuser).await.len(), 1);
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
        let request = ListReportsRequest {
            from: from.to_owned(),
            until: until.to_owned(),
            page_token: page_token.to_owned(),
            page_size: 0,
        };
        reason(service.list(&reader, request).await)
    };
    assert_eq!(list("2027-05-03", "2027-05-02", "").await, "PERIOD_REVERSED");
    assert_eq!(list("3 mei", "", "").await, "FIELD_MALFORMED");
    assert_eq!(list("", "", "made up").await, "PAGE_TOKEN_MALFORMED");
}
