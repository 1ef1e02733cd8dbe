//! The organisation's own system (the ECD), which calls the services over gRPC.

use chassis::{
    channel::{self, Channel},
    id::{AccountId, v7},
};
use jiff::Timestamp;
use prost::{Message, Name};
use proto::{
    dossier::v1::{
        ImportRecordsRequest, ImportRecordsResponse, Record, UpsertClientRequest, UpsertRecordRequest,
        dossier_service_client::DossierServiceClient,
    },
    event::v1::{SubscribeRequest, event_feed_client::EventFeedClient},
    identity::v1::{
        IssueSystemTokenRequest, RegisterAccountRequest, RelationKind,
        identity_service_client::IdentityServiceClient,
    },
};
use serde_json::Value;
use testkit::records;
use tokio_stream::StreamExt;
use tonic::Status;
use uuid::Uuid;

/// The ECD of one organisation.
pub struct Ecd {
    services: Value,
    system_id: String,
    secret: String,
}

/// A person with an account: the client, or somebody who reads the client's dossier.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The client's id in the portal.
    pub client: String,
    /// The client's number in the ECD.
    pub external_id: String,
    /// The address for mail; also the user name, unless the registration gives another one.
    pub email: String,
    /// The mobile number, for codes by SMS.
    pub phone: String,
    /// The account's id.
    pub account: Uuid,
}

/// The time of the machine's clock, which is the ECD's time. `System::set_clock_offset` does not change it.
#[must_use]
pub fn now() -> Timestamp {
    chassis::Clock::machine().now()
}

/// The record of a report that is written now.
#[must_use]
pub fn report_record(client: &str, external_id: &str, text: &str) -> Record {
    records::report_record(client, external_id, now(), text)
}

impl Ecd {
    pub(crate) fn new(services: &Value, system: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            services: services.clone(),
            system_id: text(&system["system_id"]),
            secret: text(&system["secret"]),
        }
    }

    /// The address of a service.
    #[must_use]
    pub fn address(&self, service: &str) -> &str {
        self.services[service].as_str().unwrap()
    }

    /// A new token of the ECD.
    pub async fn token(&self) -> Result<String, Status> {
        let channel = channel::connect(self.address("identity")).unwrap();
        let request =
            IssueSystemTokenRequest { system_id: self.system_id.clone(), secret: self.secret.clone() };
        Ok(IdentityServiceClient::new(channel).issue_system_token(request).await?.into_inner().token)
    }

    /// A channel to a service, with a new token of the ECD.
    pub async fn channel_to(&self, service: &str) -> Result<Channel, Status> {
        let token = self.token().await?;
        Ok(channel::with_token(channel::connect_streaming(self.address(service)).unwrap(), &token))
    }

    /// The methods of dossier, called as the ECD.
    pub async fn dossier(&self) -> Result<DossierServiceClient<Channel>, Status> {
        Ok(DossierServiceClient::new(self.channel_to("dossier").await?))
    }

    /// The methods of identity, called as the ECD.
    pub async fn identity(&self) -> Result<IdentityServiceClient<Channel>, Status> {
        Ok(IdentityServiceClient::new(self.channel_to("identity").await?))
    }

    /// Registers a client, and an account for the client: P9–P17.
    pub async fn register(&self, name: &str) -> Registered {
        self.try_register(name).await.unwrap()
    }

    /// The same; gives the error where a service cannot be reached.
    pub async fn try_register(&self, name: &str) -> Result<Registered, Status> {
        let (client, external_id) = self.register_client(name).await?;
        let registered = new_person(client, external_id);
        let request = registration(&registered, registered.account, name, RelationKind::Client);
        self.identity().await?.register_account(request).await?;
        Ok(registered)
    }

    /// Registers a client without an account; gives the client's ids in the portal and in the ECD.
    pub async fn register_client(&self, name: &str) -> Result<(String, String), Status> {
        let external_id = format!("C-{}", v7(now()).simple());
        let request = UpsertClientRequest { client: Some(records::client_record(&external_id, 1, name)) };
        let client = self.dossier().await?.upsert_client(request).await?.into_inner();
        Ok((client.client_id, external_id))
    }

    /// Registers an account for a person with a relation to a client. `change` edits the request before it is
    /// sent.
    pub async fn register_for(
        &self,
        client: &str,
        name: &str,
        relation: RelationKind,
        change: impl FnOnce(&mut RegisterAccountRequest),
    ) -> Result<Registered, Status> {
        let registered = new_person(client.to_owned(), String::new());
        let mut request = registration(&registered, registered.account, name, relation);
        change(&mut request);
        self.identity().await?.register_account(request).await?;
        Ok(registered)
    }

    /// Adds a report to a client's dossier; gives its id.
    pub async fn report(&self, client: &Registered, text: &str) -> Result<String, Status> {
        let external_id = v7(now()).to_string();
        let report = report_record(&client.external_id, &external_id, text);
        let request = UpsertRecordRequest { record: Some(report) };
        Ok(self.dossier().await?.upsert_record(request).await?.into_inner().record_id)
    }

    /// All events of one type in a service's feed, the oldest first.
    pub async fn events<M: Message + Name + Default>(&self, service: &str) -> Vec<M> {
        let mut feed = EventFeedClient::new(self.channel_to(service).await.unwrap());
        let request = SubscribeRequest { after_position: 0, only_existing: true };
        let mut answers = feed.subscribe(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = answers.next().await {
            let data = answer.unwrap().event.unwrap().data.unwrap();
            if data.type_url == M::type_url() {
                events.push(data.to_msg().unwrap());
            }
        }
        events
    }

    /// Imports records; gives the result of each.
    pub async fn import(&self, records: Vec<ImportRecordsRequest>) -> Vec<ImportRecordsResponse> {
        let mut dossier = self.dossier().await.unwrap();
        let results = dossier.import_records(tokio_stream::iter(records)).await.unwrap().into_inner();
        results.map(Result::unwrap).collect().await
    }
}

/// A person with a new account id, address and mobile number, for a client. Registers nothing.
#[must_use]
pub fn new_person(client: String, external_id: String) -> Registered {
    let account = v7(now());
    let email = format!("{}@voorbeeld.example", account.simple());
    let phone = format!("+3161{:07}", account.as_u128() % 10_000_000);
    Registered { client, external_id, email, phone, account }
}

/// The request that registers an account with the right to read reports.
#[must_use]
pub fn registration(
    client: &Registered,
    account: Uuid,
    name: &str,
    relation: RelationKind,
) -> RegisterAccountRequest {
    let request = records::registration(AccountId(account), &client.client, &client.email, relation, now());
    RegisterAccountRequest { display_name: name.to_owned(), phone: client.phone.clone(), ..request }
}
