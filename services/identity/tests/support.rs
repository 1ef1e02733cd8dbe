//! Starts an identity service with one organisation; registers accounts and logs them in.

use chassis::{
    channel::Channel,
    id::{AccountId, OrganisationId},
    secret_file::SecretFile,
    token::Caller,
};
use identity::{Identity, Settings};
use prost::{Message, Name};
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::{
        ConfigureOrganisationRequest, DeviceCode, DeviceCodeContent, ErrorReason, LoginCode,
        LoginCodeContent, LoginProgress, LoginStep, RegisterAccountRequest, RelationKind,
        ResolveSessionRequest, ResolveSessionResponse, SendCodeRequest, SetOwnPasswordRequest,
        StartLoginRequest, VerifyCodeRequest, WelcomeMessage, WelcomeMessageContent,
        identity_service_client::IdentityServiceClient,
    },
};
use tempfile::TempDir;
use testkit::{InProcess, caller, outbox, records};
use tonic::Status;
use tonic_types::StatusExt;

pub const SETTINGS: &str = include_str!("../../../deploy/organisations/thuisgenoten.toml");
pub const USERNAME: &str = "a.devries@voorbeeld.example";
pub const PASSWORD: &str = "vier woorden op rij";

pub const PHONE: &str = "+31612345678";

pub struct Service {
    pub process: InProcess,
    pub organisation: OrganisationId,
    /// Holds the file with the operator's credential, which identity reads at each use.
    _folder: TempDir,
}

impl Service {
    /// Starts identity with the organisation Thuisgenoten.
    pub async fn start() -> Self {
        Self::start_with(SETTINGS).await
    }

    /// Starts identity with an organisation that has these settings.
    pub async fn start_with(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("operator");
        std::fs::write(&file, "the operator's secret").unwrap();
        let process = InProcess::start::<Identity>(Settings {
            operator_secret_file: SecretFile::new(file),
            ..Settings::default()
        })
        .await;
        let organisation = configure(&process, toml).await.unwrap();
        Self { process, organisation, _folder: folder }
    }

    pub fn call_as(&self, caller: &Caller) -> IdentityServiceClient<Channel> {
        IdentityServiceClient::new(self.process.channel_as(caller))
    }

    pub fn gateway(&self) -> IdentityServiceClient<Channel> {
        self.call_as(&Caller::Gateway)
    }

    pub fn ecd(&self) -> IdentityServiceClient<Channel> {
        let scopes = ["identity.read", "identity.write", "identity.impersonate"];
        self.call_as(&caller::system(self.organisation, &scopes))
    }

    pub fn registration(&self) -> RegisterAccountRequest {
        let client = caller::client(1).to_string();
        let account = AccountId(caller::uuid(0x20));
        records::registration(account, &client, USERNAME, RelationKind::Client, self.process.clock.now())
    }

    /// Registers the account and returns the welcome password.
    pub async fn register(&self) -> String {
        self.ecd().register_account(self.registration()).await.unwrap();
        self.opened::<WelcomeMessage, WelcomeMessageContent>(|message| message.content)
            .await
            .pop()
            .unwrap()
            .password
    }

    /// The opened contents of all deliveries of type `D`, oldest first.
    pub async fn opened<D, C>(&self, content: fn(D) -> Option<proto::event::v1::Sealed>) -> Vec<C>
    where
        D: Message + Name + Default,
        C: Message + Name + Default,
    {
        let keys = self.process.seal_keys("messaging");
        let sent = outbox::events::<D>(&mut self.process.database.as_superuser().await).await;
        sent.into_iter()
            .map(|(_, delivery)| keys.open(self.organisation, content(delivery).as_ref()).unwrap())
            .collect()
    }

    /// The newest login code that was sent.
    pub async fn code(&self) -> String {
        self.opened::<LoginCode, LoginCodeContent>(|code| code.content).await.pop().unwrap().code
    }

    /// The newest code for a new device that was sent.
    pub async fn device_code(&self) -> String {
        self.opened::<DeviceCode, DeviceCodeContent>(|code| code.content).await.pop().unwrap().code
    }

    pub async fn start_login(&self, username: &str, password: &str) -> Result<LoginProgress, Status> {
        self.start_login_on(username, password, "").await
    }

    /// Starts a login from a browser with this device token.
    pub async fn start_login_on(
        &self,
        username: &str,
        password: &str,
        device: &str,
    ) -> Result<LoginProgress, Status> {
        let request = StartLoginRequest {
            organisation_id: self.organisation.to_string(),
            username: username.to_owned(),
            password: password.to_owned(),
            device_token: device.to_owned(),
            address: "192.0.2.1".to_owned(),
        };
        Ok(self.gateway().start_login(request).await?.into_inner().progress.unwrap())
    }

    pub async fn verify(&self, login_token: &str, code: &str) -> Result<LoginProgress, Status> {
        let request = VerifyCodeRequest {
            login_token: login_token.to_owned(),
            code: code.to_owned(),
            device_name: "Firefox, Windows".to_owned(),
        };
        Ok(self.gateway().verify_code(request).await?.into_inner().progress.unwrap())
    }

    pub async fn send_code(&self, login_token: &str, phone: &str) -> Result<LoginProgress, Status> {
        let request = SendCodeRequest {
            login_token: login_token.to_owned(),
            phone: phone.to_owned(),
            address: "192.0.2.1".to_owned(),
        };
        Ok(self.gateway().send_code(request).await?.into_inner().progress.unwrap())
    }

    pub async fn set_password(
        &self,
        login_token: &str,
        current: &str,
        new: &str,
    ) -> Result<LoginProgress, Status> {
        let request = SetOwnPasswordRequest {
            login_token: login_token.to_owned(),
            current_password: current.to_owned(),
            new_password: new.to_owned(),
        };
        Ok(self.gateway().set_own_password(request).await?.into_inner().progress.unwrap())
    }

    /// Registers the account, does the whole first login and returns the session token.
    pub async fn first_login(&self) -> String {
        let password = self.register().await;
        self.log_in_first(USERNAME, &password).await.session_token
    }

    /// Does the whole first login of an account, with every step that the organisation asks.
    pub async fn log_in_first(&self, username: &str, password: &str) -> LoginProgress {
        let started = self.start_login(username, password).await.unwrap();
        let verified = self.pass_code(started).await;
        let chosen = self.set_password(&verified.login_token, password, PASSWORD).await.unwrap();
        self.pass_the_rest(chosen).await
    }

    /// Does a later login with the own password.
    pub async fn log_in(&self, username: &str) -> LoginProgress {
        let started = self.start_login(username, PASSWORD).await.unwrap();
        let verified = self.pass_code(started).await;
        self.pass_the_rest(verified).await
    }

    /// Passes the code step, by SMS, e-mail or new device.
    pub async fn pass_code(&self, mut progress: LoginProgress) -> LoginProgress {
        if progress.step() == LoginStep::SendCode {
            progress = self.send_code(&progress.login_token, "06 12345678").await.unwrap();
        }
        let code = match progress.step() {
            LoginStep::DeviceCode => self.device_code().await,
            _ => self.code().await,
        };
        self.verify(&progress.login_token, &code).await.unwrap()
    }

    /// Accepts all terms and invitations that the login asks.
    pub async fn pass_the_rest(&self, mut progress: LoginProgress) -> LoginProgress {
        loop {
            let login_token = progress.login_token.clone();
            let mut gateway = self.gateway();
            progress = match progress.step() {
                LoginStep::Terms => {
                    let version = progress.terms.unwrap().version;
                    let request = proto::identity::v1::AcceptTermsRequest { login_token, version };
                    gateway.accept_terms(request).await.unwrap().into_inner().progress.unwrap()
                }
                LoginStep::Invitation => {
                    let access_id = progress.invitations.remove(0).access_id;
                    let request = proto::identity::v1::AcceptInvitationRequest { login_token, access_id };
                    gateway.accept_invitation(request).await.unwrap().into_inner().progress.unwrap()
                }
                _ => return progress,
            };
        }
    }

    /// The access id of a registered account.
    pub async fn access_id(&self, account: uuid::Uuid) -> String {
        let id = sqlx::query_scalar("SELECT id FROM access_grant WHERE account_id = $1").bind(account);
        let id: uuid::Uuid = id.fetch_one(&mut self.process.database.as_superuser().await).await.unwrap();
        id.to_string()
    }

    /// The account id that belongs to an access id.
    pub async fn account_id(&self, access_id: &str) -> String {
        let id: uuid::Uuid = access_id.parse().unwrap();
        let account = sqlx::query_scalar("SELECT account_id FROM access_grant WHERE id = $1").bind(id);
        let account: uuid::Uuid =
            account.fetch_one(&mut self.process.database.as_superuser().await).await.unwrap();
        account.to_string()
    }

    /// Resolves a session, as an active request does.
    pub async fn resolve(&self, session_token: &str) -> Result<ResolveSessionResponse, Status> {
        let request = ResolveSessionRequest { session_token: session_token.to_owned(), passive: false };
        Ok(self.gateway().resolve_session(request).await?.into_inner())
    }

    /// Calls identity with the token of a session.
    pub async fn in_session(&self, session_token: &str) -> IdentityServiceClient<Channel> {
        let token = self.resolve(session_token).await.unwrap().token;
        let channel = chassis::channel::connect(&self.process.address).unwrap();
        IdentityServiceClient::new(chassis::channel::with_token(channel, &token))
    }
}

/// Makes a grant: the rights to these actions in a section.
pub fn grant(section: Section, actions: &[Action]) -> Grant {
    Grant { section: section.into(), actions: actions.iter().map(|&it| it.into()).collect() }
}

/// Registers an account by its number, for a client by its number; returns the welcome password.
pub async fn register(
    service: &Service,
    number: u64,
    client: u64,
    change: impl FnOnce(&mut RegisterAccountRequest),
) -> Result<String, tonic::Status> {
    let mut request = RegisterAccountRequest {
        account_id: caller::uuid(number).to_string(),
        username: format!("{number}@voorbeeld.example"),
        client_id: caller::client(client).to_string(),
        ..service.registration()
    };
    change(&mut request);
    service.ecd().register_account(request).await?;
    Ok(service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await.pop().unwrap().password)
}

pub async fn configure(process: &InProcess, toml: &str) -> Result<OrganisationId, Status> {
    let mut operator = IdentityServiceClient::new(process.channel_as(&Caller::Operator));
    let request = ConfigureOrganisationRequest { toml: toml.to_owned() };
    let id = operator.configure_organisation(request).await?.into_inner().organisation_id;
    Ok(id.parse().unwrap())
}

/// The reason with which a call was refused.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    answer.unwrap_err().get_error_details().error_info().unwrap().reason.clone()
}

/// The fields for which a call was refused.
pub fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let details = answer.unwrap_err().get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|fault| fault.field.clone()).collect()
}

/// The name of a reason, as a refused call carries it.
pub fn named(reason: ErrorReason) -> &'static str {
    proto::Reason::from(reason).name()
}

/// The settings of Thuisgenoten, but clients may invite others too.
pub fn inviting_settings() -> String {
    SETTINGS.replace("invite_by = \"staff\"", "invite_by = \"both\"")
}
