use proto::{
    access::v1::{Action, Level, Section},
    dossier::v1::{GetReportRequest, ListReportsRequest},
    event::v1::AccessOutcome,
};
use testkit::caller;
use tonic::Code;

use crate::support::{Service, ecd, reader, report_record};

#[tokio::test]
async fn another_client_another_organisation_and_no_grant_see_nothing() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "privé")).await.unwrap();
    assert_eq!(service.texts(&reader(1, client), "", "").await, ["privé"]);
    assert!(service.texts(&reader(1, caller::client(2)), "", "").await.is_empty());
    assert!(service.texts(&reader(2, client), "", "").await.is_empty());
    let grants = [(Section::Planning, Action::View), (Section::Reports, Action::Write)];
    let other = caller::account(caller::organisation(1), client, &grants, Level::High);
    let refused = service.list(&other, ListReportsRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let system = service.list(&ecd(1), ListReportsRequest::default()).await.unwrap_err();
    assert_eq!(system.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn an_expired_token_and_one_of_a_strangers_key_are_refused() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let mut dossier = service.calling(&reader(1, client));
    service.process.clock.advance(std::time::Duration::from_secs(91));
    let expired = dossier.list_reports(ListReportsRequest::default()).await.unwrap_err();
    assert_eq!(expired.code(), Code::Unauthenticated);
    let stranger = testkit::Keys::generate().settings.signer("identity").unwrap();
    let token = stranger.sign(&reader(1, client), service.process.clock.now()).unwrap();
    let channel = chassis::client::channel(&service.process.address).unwrap();
    let channel = chassis::client::with_token(channel, &token);
    let mut dossier = proto::dossier::v1::dossier_service_client::DossierServiceClient::new(channel);
    let refused = dossier.list_reports(ListReportsRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn every_read_and_every_refused_one_is_written_down_with_its_client() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    let report = service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    let before = service.records().await.len();
    service.texts(&reader(1, client), "", "").await;
    let request = GetReportRequest { report_id: report.report_id };
    service.calling(&ecd(1)).get_report(request.clone()).await.unwrap();
    service.calling(&ecd(2)).get_report(request).await.unwrap_err();
    let records = service.records().await;
    let seen: Vec<_> = records[before..]
        .iter()
        .map(|(method, outcome, client)| (method.rsplit('/').next().unwrap(), *outcome, *client))
        .collect();
    let (answered, denied) = (i32::from(AccessOutcome::Answered), i32::from(AccessOutcome::Denied));
    assert!(seen.contains(&("ListReports", answered, Some(client.uuid()))), "{seen:?}");
    assert!(seen.contains(&("GetReport", answered, Some(client.uuid()))), "{seen:?}");
    // Of another organisation: its own chain.
    let refused = records.iter().filter(|(method, outcome, client)| {
        method.ends_with("/GetReport") && *outcome == denied && client.is_none()
    });
    assert_eq!(refused.count(), 1);
}
