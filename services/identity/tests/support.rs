//! An identity service with one organisation and, where asked, one account.

use chassis::{client::Caller as Channel, failure::short, id::OrganisationId, token::Caller};
use identity::{Identity, Settings};
use prost::{Message, Name};
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::{
        ConfigureOrganisationRequest, Consent, ErrorReason, LoginCode, LoginCodeContent,
        RegisterAccountRequest, RelationKind, StartLoginRequest, StartLoginResponse, VerifyCodeRequest,
        VerifyCodeResponse, WelcomeMessage, WelcomeMessageContent,
        identity_service_client::IdentityServiceClient,
    },
};
use store::event::timestamp;
use testkit::{InProcess, caller, outbox};
use tonic::Status;
use tonic_types::StatusExt;

pub const SETTINGS: &str = include_str!("../../../deploy/organisations/thuisgenoten.toml");
pub const USERNAME: &str = "a.devries@voorbeeld.example";
pub const PASSWORD: &str = "vier woorden op rij";

pub struct Service {
    pub process: InProcess,
    pub organisation: OrganisationId,
}

impl Service {
    /// Identity with the organisation Thuisgenoten.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("operator");
        std::fs::write(&file, "the operator's secret").unwrap();
        let process = InProcess::start::<Identity>(Settings { operator_secret_file: file }).await;
        let organisation = configure(&process, SETTINGS).await.unwrap();
        Self { process, organisation }
    }

    pub fn calling(&self, caller: &Caller) -> IdentityServiceClient<Channel> {
        IdentityServiceClient::new(self.process.calling(caller))
    }

    pub fn gateway(&self) -> IdentityServiceClient<Channel> {
        self.calling(&Caller::Gateway)
    }

    pub fn ecd(&self) -> IdentityServiceClient<Channel> {
        self.calling(&caller::system(self.organisation, &["identity.write"]))
    }

    pub fn registration(&self) -> RegisterAccountRequest {
        RegisterAccountRequest {
            account_id: caller::uuid(0x20).to_string(),
            username: USERNAME.to_owned(),
            display_name: "mevrouw A. de Vries".to_owned(),
            email: USERNAME.to_owned(),
            language: String::new(),
            client_id: caller::client(1).to_string(),
            relation: RelationKind::Client.into(),
            grants: vec![Grant { section: Section::Reports.into(), actions: vec![Action::View.into()] }],
            consent: Some(Consent {
                given_by: "mevrouw A. de Vries".to_owned(),
                ground: "toestemming".to_owned(),
                given_at: Some(timestamp(self.process.clock.now())),
                valid_from: None,
                valid_until: None,
            }),
        }
    }

    /// Registers the account; gives its welcome password.
    pub async fn register(&self) -> String {
        self.ecd().register_account(self.registration()).await.unwrap();
        self.opened::<WelcomeMessage, WelcomeMessageContent>(|message| message.content)
            .await
            .pop()
            .unwrap()
            .password
    }

    /// All that was sealed to messaging in deliveries of one type, oldest first.
    pub async fn opened<D, C>(&self, content: fn(D) -> Option<proto::event::v1::Sealed>) -> Vec<C>
    where
        D: Message + Name + Default,
        C: Message + Name + Default,
    {
        let keys = self.process.seal("messaging");
        let sent = outbox::of::<D>(&mut self.process.database.behind().await).await;
        sent.into_iter()
            .map(|(_, delivery)| keys.open(self.organisation, content(delivery).as_ref()).unwrap())
            .collect()
    }

    /// The newest code.
    pub async fn code(&self) -> String {
        self.opened::<LoginCode, LoginCodeContent>(|code| code.content).await.pop().unwrap().code
    }

    pub async fn start_login(&self, username: &str, password: &str) -> Result<StartLoginResponse, Status> {
        let request = StartLoginRequest {
            organisation_id: self.organisation.to_string(),
            username: username.to_owned(),
            password: password.to_owned(),
        };
        Ok(self.gateway().start_login(request).await?.into_inner())
    }

    pub async fn verify(&self, login_token: &str, code: &str) -> Result<VerifyCodeResponse, Status> {
        let request = VerifyCodeRequest { login_token: login_token.to_owned(), code: code.to_owned() };
        Ok(self.gateway().verify_code(request).await?.into_inner())
    }

    /// The whole first login; gives the session's token.
    pub async fn first_login(&self) -> String {
        let password = self.register().await;
        let login = self.start_login(USERNAME, &password).await.unwrap().login_token;
        let login = self.verify(&login, &self.code().await).await.unwrap().login_token;
        let request = proto::identity::v1::SetOwnPasswordRequest {
            login_token: login,
            current_password: password,
            new_password: PASSWORD.to_owned(),
        };
        self.gateway().set_own_password(request).await.unwrap().into_inner().session_token
    }
}

pub async fn configure(process: &InProcess, toml: &str) -> Result<OrganisationId, Status> {
    let mut operator = IdentityServiceClient::new(process.calling(&Caller::Operator));
    let request = ConfigureOrganisationRequest { toml: toml.to_owned() };
    let id = operator.configure_organisation(request).await?.into_inner().organisation_id;
    Ok(id.parse().unwrap())
}

/// Why a call was refused.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    answer.unwrap_err().get_error_details().error_info().unwrap().reason.clone()
}

/// A reason of the contract, as it travels.
pub fn named(reason: ErrorReason) -> &'static str {
    short(reason.as_str_name())
}
