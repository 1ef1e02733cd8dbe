use chassis::time;
use proto::{
    dossier::v1::{
        Content, EndCareRequest, GetClientRequest, GetRecordRequest, GetReportRequest, ImportRecordsRequest,
        ListReportsRequest, Record, Report, ResumeCareRequest, RetractRecordRequest, UpsertClientRequest,
        UpsertRecordRequest, WriteReportRequest, content::Kind, import_records_request::Item,
    },
    event::v1::AccessOutcome,
};
use testkit::{
    Matrix, caller, monday_morning, outbox,
    records::{client_record, origin, record_of, report_of},
};

use crate::support::{Service, ecd, methods, reader, report_record};

#[tokio::test]
async fn every_method_answers_only_whom_its_rule_allows() {
    let service = Service::start().await;
    assert_eq!(matrix(&service).await.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_write_has_one_record_and_no_answer_is_without_a_record() {
    let service = Service::start().await;
    assert_eq!(matrix(&service).await.trail_faults().await, Vec::<String>::new());
}

/// Data of one client, and for each method the request that shows or changes the data.
async fn matrix(service: &Service) -> Matrix<'_> {
    let client = service.client(1, "C1").await;
    let report = report_record("C1", "R1", "2027-05-03T12:00:00", "Alleen voor haar.");
    let stored = service.report(1, report.clone()).await.unwrap();
    // The matrix checks that a write changes something: each record has a newer version and another text.
    let newer = |version, text: &str| {
        let content = Report { text: text.to_owned(), ..report_of(report.content.clone()) };
        let content = Some(Content { kind: Some(Kind::Report(content)) });
        Record { origin: Some(origin("R1", version)), content, ..report.clone() }
    };
    let imported = Some(Item::Record(newer(9, "Nog steeds alleen voor haar.")));
    let mut matrix = Matrix::new(&service.process, "dossier", caller::organisation(1), client)
        .secret("lleen voor haar.")
        .secret("mevrouw A. de Vries")
        .secret(&stored.record_id)
        .secret(&client.to_string());
    for (section, list, get) in methods() {
        let record = record_of(section, "C1", "R1", monday_morning(), "Alleen voor haar.");
        let stored = service.report(1, record).await.unwrap();
        matrix = matrix
            .secret(&stored.record_id)
            .request(&list, &ListReportsRequest::default())
            .request(&get, &GetReportRequest { record_id: stored.record_id });
    }
    outbox::publish(&service.process.database.db("dossier"), service.process.clock.now()).await;
    matrix
        .request("ListTimeline", &ListReportsRequest::default())
        .request("WriteReport", &WriteReportRequest { text: "Wij waren er ook.".to_owned() })
        .request("GetRecord", &GetRecordRequest { record_id: stored.record_id.clone() })
        .request("UpsertRecord", &UpsertRecordRequest { record: Some(newer(12, "Alleen voor haar!")) })
        .request("RetractRecord", &RetractRecordRequest { section: 1, origin: Some(origin("R1", 10)) })
        .request("GetClient", &GetClientRequest { client_id: client.to_string() })
        .request(
            "UpsertClient",
            &UpsertClientRequest { client: Some(client_record("C1", 2, "mevrouw A. de Vries-Bos")) },
        )
        .request(
            "EndCare",
            &EndCareRequest {
                client_id: client.to_string(),
                ended_at: Some(time::to_proto(monday_morning())),
            },
        )
        .request("ResumeCare", &ResumeCareRequest { client_id: client.to_string() })
        .request("ImportRecords", &ImportRecordsRequest { item: imported, ..Default::default() })
        .more_records("ImportRecords", 1)
}

#[tokio::test]
async fn every_read_and_refusal_is_audited_with_its_client() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let report = service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    let before = service.audit_records().await.len();
    service.texts(&reader(1, client), "", "").await;
    let request = GetRecordRequest { record_id: report.record_id };
    service.call_as(&ecd(1)).get_record(request.clone()).await.unwrap();
    service.call_as(&ecd(2)).get_record(request).await.unwrap_err();
    let records = service.audit_records().await;
    let seen: Vec<_> = records[before..]
        .iter()
        .map(|(method, outcome, client)| (method.rsplit('/').next().unwrap(), *outcome, *client))
        .collect();
    let (answered, denied) = (i32::from(AccessOutcome::Answered), i32::from(AccessOutcome::Denied));
    assert!(seen.contains(&("ListReports", answered, Some(client.uuid()))), "{seen:?}");
    assert!(seen.contains(&("GetRecord", answered, Some(client.uuid()))), "{seen:?}");
    // The refusal is in the chain of the other organisation, and names no client.
    let refused = records.iter().filter(|(method, outcome, client)| {
        method.ends_with("/GetRecord") && *outcome == denied && client.is_none()
    });
    assert_eq!(refused.count(), 1);
}
