//! Starts a dossier service; makes its callers: the ECD, and a relative who may view reports.

use bytes::Bytes;
use chassis::{
    access::Rules,
    channel::Channel,
    id::ClientId,
    token::{AccountCaller, Caller},
};
use dossier::{Dossier, Settings};
use prost::Message;
use proto::{
    access::v1::{Action, Level, Section},
    dossier::v1::{
        Entry, GetReportRequest, GetReportResponse, ListReportsRequest, ListReportsResponse, Listing, Record,
        Selection, UpsertClientRequest, UpsertRecordRequest, UpsertRecordResponse,
        dossier_service_client::DossierServiceClient,
    },
};
use testkit::{
    InProcess, caller, grpc,
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
pub fn report_record(client: &str, external_id: &str, at: &str, text: &str) -> Record {
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

    pub async fn report(&self, organisation: u64, record: Record) -> Result<UpsertRecordResponse, Status> {
        let request = UpsertRecordRequest { record: Some(record) };
        Ok(self.call_as(&ecd(organisation)).upsert_record(request).await?.into_inner())
    }

    pub async fn list(&self, caller: &Caller, selection: Selection) -> Result<Listing, Status> {
        let request = ListReportsRequest { selection: Some(selection) };
        Ok(self.call_as(caller).list_reports(request).await?.into_inner().listing.unwrap())
    }

    /// The texts of the reports that the caller sees in a period.
    pub async fn texts(&self, caller: &Caller, from: &str, until: &str) -> Vec<String> {
        let selection = Selection {
            from: from.to_owned(),
            until: until.to_owned(),
            page_size: 100,
            ..Selection::default()
        };
        texts_of(self.list(caller, selection).await.unwrap())
    }

    /// The method, outcome and client of each audit record, oldest first.
    pub async fn audit_records(&self) -> Vec<(String, i32, Option<uuid::Uuid>)> {
        sqlx::query_as("SELECT method, outcome, client_id FROM audit_record ORDER BY sequence")
            .fetch_all(&mut self.process.database.as_superuser().await)
            .await
            .unwrap()
    }
}

/// The texts of the reports on a page.
pub fn texts_of(listing: Listing) -> Vec<String> {
    listing.entries.into_iter().map(|entry| records::report_of(entry.content).text).collect()
}

/// The methods that list and get the records of each section, by the contract.
pub fn methods() -> Vec<(Section, String, String)> {
    let rules = Rules::of_contract().unwrap();
    let named = |section, verb: &str| {
        let rule = rules
            .all()
            .into_iter()
            .find(|rule| rule.section() == section && rule.path.contains(&format!(".DossierService/{verb}")));
        rule.unwrap().path.rsplit('/').next().unwrap().to_owned()
    };
    records::sections().map(|section| (section, named(section, "List"), named(section, "Get"))).collect()
}

/// Calls a method that lists records: their requests and answers have the same fields.
pub async fn list_by(
    service: &Service,
    caller: &Caller,
    method: &str,
    selection: Selection,
) -> Result<Listing, Status> {
    let request = ListReportsRequest { selection: Some(selection) };
    let answer = call(service, caller, method, request.encode_to_vec()).await?;
    Ok(ListReportsResponse::decode(answer).unwrap().listing.unwrap())
}

/// Calls a method that gets a record.
pub async fn get_by(service: &Service, caller: &Caller, method: &str, id: &str) -> Result<Entry, Status> {
    let request = GetReportRequest { record_id: id.to_owned() };
    let answer = call(service, caller, method, request.encode_to_vec()).await?;
    Ok(GetReportResponse::decode(answer).unwrap().entry.unwrap())
}

async fn call(service: &Service, caller: &Caller, method: &str, request: Vec<u8>) -> Result<Bytes, Status> {
    let path = format!("/zorgportaal.dossier.v1.DossierService/{method}");
    let answers = grpc::call(service.process.channel_as(caller), &path, &request).await?;
    Ok(answers.into_iter().next().unwrap())
}

/// A relative who may view these sections.
pub fn viewer(client: ClientId, sections: &[Section]) -> AccountCaller {
    let grants: Vec<_> = sections.iter().map(|section| (*section, Action::View)).collect();
    match caller::account(caller::organisation(1), client, &grants, Level::Low) {
        Caller::Account(account) => account,
        _ => unreachable!(),
    }
}

/// The reason with which a call was refused.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    answer.unwrap_err().get_error_details().error_info().unwrap().reason.clone()
}
