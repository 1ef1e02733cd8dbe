//! Starts a dossier service; makes its callers: the ECD, and a relative who may view reports.

use chassis::{channel::Channel, id::ClientId, token::Caller};
use dossier::{Dossier, Settings};
use proto::{
    access::v1::{Action, Level, Section},
    dossier::v1::{
        ListReportsRequest, ListReportsResponse, ReportRecord, UpsertClientRequest, UpsertReportRequest,
        UpsertReportResponse, dossier_service_client::DossierServiceClient,
    },
};
use testkit::{
    InProcess, caller,
    records::{self, client_record},
};
use tonic::Status;
use tonic_types::StatusExt;

pub struct Service {
    pub process: InProcess,
}

pub fn ecd(organisation: u64) -> Caller {
    caller::system(caller::organisation(organisation), &["dossier.write", "dossier.read", "audit.verify"])
}

pub fn reader(organisation: u64, client: ClientId) -> Caller {
    let grants = [(Section::Reports, Action::View)];
    caller::account(caller::organisation(organisation), client, &grants, Level::Low)
}

/// A report record; `at` is a date and time in the Netherlands.
pub fn report_record(client: &str, external_id: &str, at: &str, text: &str) -> ReportRecord {
    let at: jiff::Zoned = format!("{at}[Europe/Amsterdam]").parse().unwrap();
    records::report_record(client, external_id, at.timestamp(), text)
}

impl Service {
    pub async fn start() -> Self {
        Self { process: InProcess::start::<Dossier>(Settings {}).await }
    }

    pub fn call_as(&self, caller: &Caller) -> DossierServiceClient<Channel> {
        DossierServiceClient::new(self.process.channel_as(caller))
    }

    /// Registers a client and returns the id.
    pub async fn client(&self, organisation: u64, external_id: &str) -> ClientId {
        let client = Some(client_record(external_id, 1, "mevrouw A. de Vries"));
        let answer =
            self.call_as(&ecd(organisation)).upsert_client(UpsertClientRequest { client }).await.unwrap();
        answer.into_inner().client_id.parse().unwrap()
    }

    pub async fn report(
        &self,
        organisation: u64,
        record: ReportRecord,
    ) -> Result<UpsertReportResponse, Status> {
        let request = UpsertReportRequest { report: Some(record) };
        Ok(self.call_as(&ecd(organisation)).upsert_report(request).await?.into_inner())
    }

    pub async fn list(
        &self,
        caller: &Caller,
        request: ListReportsRequest,
    ) -> Result<ListReportsResponse, Status> {
        Ok(self.call_as(caller).list_reports(request).await?.into_inner())
    }

    /// The texts of the reports that the caller sees in a period.
    pub async fn texts(&self, caller: &Caller, from: &str, until: &str) -> Vec<String> {
        let request = ListReportsRequest {
            from: from.to_owned(),
            until: until.to_owned(),
            page_size: 100,
            page_token: String::new(),
        };
        let reports = self.list(caller, request).await.unwrap().reports;
        reports.into_iter().map(|report| report.text).collect()
    }

    /// The method, outcome and client of each audit record, oldest first.
    pub async fn audit_records(&self) -> Vec<(String, i32, Option<uuid::Uuid>)> {
        sqlx::query_as("SELECT method, outcome, client_id FROM audit_record ORDER BY sequence")
            .fetch_all(&mut self.process.database.as_superuser().await)
            .await
            .unwrap()
    }
}

/// The reason with which a call was refused.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    answer.unwrap_err().get_error_details().error_info().unwrap().reason.clone()
}
