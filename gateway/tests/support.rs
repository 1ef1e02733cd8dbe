//! A gateway with fake services: one organisation, one account, and hostile text in every answer.

use std::num::NonZeroU32;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, header},
};
use chassis::{Clock, Failure, aead::AeadKeys, config::Environment, contract, section, time};
use gateway::{App, LimitSetting, LimitSettings, Live, Proxies, ServiceSettings, Services, router};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Value};
use proto::{
    SERVICES,
    access::v1::{Action, Grant},
    dossier::v1::{Content, Entry, GetReportResponse, ListReportsResponse},
    identity::v1::*,
};
use testkit::{Keys, example, fake::Fake, monday_morning};
use tonic::Status;
use tower::ServiceExt;

pub const HOST: &str = "thuisgenoten.localhost";
pub const TOKEN: &str = "a-good-session";
/// A session of the same account, with another client chosen, in which somebody looks along.
pub const OTHER_CLIENT: &str = "a-session-about-another";
/// A text that an attacker may have typed into a report (ATT-10).
pub const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}";

pub struct Portal {
    pub identity: Fake,
    pub dossier: Fake,
    router: Router,
}

fn settings() -> OrganisationSettings {
    OrganisationSettings {
        key: "thuisgenoten".to_owned(),
        name: "Thuisgenoten".to_owned(),
        product_name: "MijnThuisgenotenDossier".to_owned(),
        hosts: vec![HOST.to_owned()],
        language: "nl".to_owned(),
        accounts: Some(AccountSettings { self_edit: true, ..Default::default() }),
        terms: vec![Terms { title: HOSTILE.to_owned(), text_nl: HOSTILE.to_owned(), ..Default::default() }],
        labels: [("log-in".to_owned(), "Naar binnen".to_owned())].into(),
        ..Default::default()
    }
}

fn refused(reason: ErrorReason) -> Result<Vec<u8>, Status> {
    Err(Failure::new(reason).into())
}

/// A message of the contract with hostile text in every text field.
fn hostile<M: Message + Name + Default>() -> M {
    example::message(HOSTILE, monday_morning())
}

/// The answer of a service to any method, with hostile text in every text field.
fn answer(path: &str) -> Result<Vec<u8>, Status> {
    if path.ends_with("/Check") {
        // The gRPC health answer SERVING, encoded.
        return Ok(vec![8, 1]);
    }
    example::answer(path, HOSTILE, monday_morning()).ok_or_else(|| Failure::not_found().into())
}

fn dossier(path: &str, _: &[u8]) -> Result<Vec<u8>, Status> {
    let bytes = answer(path)?;
    // An example fills all kinds in turn, and the last stays: the records get the kind of the method. Lists have the
    // same fields, as have the answers with one record.
    let method = path.rsplit('/').next().unwrap();
    if method.starts_with("List") {
        let mut list = ListReportsResponse::decode(&*bytes).unwrap();
        let listing = list.listing.as_mut().unwrap();
        listing.entries =
            contents(method).into_iter().map(|content| entry(&listing.entries[0], content)).collect();
        // Real ids differ, and name parts of a page.
        for (number, entry) in listing.entries.iter_mut().enumerate() {
            entry.record_id = format!("r{number}");
        }
        return Ok(list.encode_to_vec());
    }
    if let Some(content) = contents(method).pop() {
        let mut got = GetReportResponse::decode(&*bytes).unwrap();
        got.entry = got.entry.as_ref().map(|example| entry(example, content));
        return Ok(got.encode_to_vec());
    }
    Ok(bytes)
}

fn entry(example: &Entry, content: Content) -> Entry {
    Entry { content: Some(content), retracted_at: None, ..example.clone() }
}

/// Hostile content of the kind that a method gives; for the timeline, of every kind.
fn contents(method: &str) -> Vec<Content> {
    let descriptor = contract::pool().get_message_by_name(&Content::full_name()).unwrap();
    let fields = descriptor.fields().filter(|field| {
        let kind = field.kind().as_message().unwrap().name().to_owned();
        method == "ListTimeline" || method == format!("List{kind}s") || method == format!("Get{kind}")
    });
    let content = |field: FieldDescriptor| {
        let mut content = DynamicMessage::new(descriptor.clone());
        let kind = field.kind().as_message().unwrap().clone();
        content.set_field(&field, Value::Message(example::filled(&kind, HOSTILE, monday_morning(), true)));
        content.transcode_to().unwrap()
    };
    fields.map(content).collect()
}

/// A fake identity with one organisation, one account in two sessions, and a login whose token names its
/// step.
fn identity(path: &str, request: &[u8]) -> Result<Vec<u8>, Status> {
    match path.rsplit('/').next().unwrap() {
        "FindOrganisation" if FindOrganisationRequest::decode(request).unwrap().host == HOST => {
            let found =
                FindOrganisationResponse { organisation_id: "o".to_owned(), settings: Some(settings()) };
            Ok(found.encode_to_vec())
        }
        "FindOrganisation" => refused(ErrorReason::OrganisationUnknown),
        "ResolveSession" => match &*ResolveSessionRequest::decode(request).unwrap().session_token {
            TOKEN => Ok(session("c", HOSTILE, "").encode_to_vec()),
            OTHER_CLIENT => Ok(session("d", "mevrouw Ander", HOSTILE).encode_to_vec()),
            _ => refused(ErrorReason::SessionEnded),
        },
        "GetLogin" => {
            let progress = login(&GetLoginRequest::decode(request).unwrap().login_token);
            Ok(GetLoginResponse { progress: Some(progress) }.encode_to_vec())
        }
        "StartLogin" if StartLoginRequest::decode(request).unwrap().password == "goed" => {
            Ok(StartLoginResponse { progress: Some(login("code")) }.encode_to_vec())
        }
        "VerifyCode" => {
            let progress = LoginProgress {
                step: LoginStep::Done.into(),
                session_token: TOKEN.to_owned(),
                device_token: "a-device".to_owned(),
                device_life_days: 90,
                ..hostile()
            };
            Ok(VerifyCodeResponse { progress: Some(progress) }.encode_to_vec())
        }
        "GetPasswordReset" if GetPasswordResetRequest::decode(request).unwrap().reset_token == "used" => {
            refused(ErrorReason::LinkExpired)
        }
        "StartEmailChange" => Err(Failure::step_up_required().into()),
        "VerifyStepUp" => {
            let verified = VerifyStepUpResponse { proof: "a-proof".to_owned(), session_token: String::new() };
            Ok(verified.encode_to_vec())
        }
        "ListAccess" => {
            // The tests ask for the page of the access `x`.
            let mut list: ListAccessResponse = hostile();
            "x".clone_into(&mut list.entries[0].access_id);
            list.entries[0].may_change = true;
            Ok(list.encode_to_vec())
        }
        "StartLogin" | "SetOwnPassword" | "AcceptTerms" | "AcceptInvitation" | "DeclineInvitation"
        | "SendCode" => refused(ErrorReason::LoginRefused),
        "ResendCode" => refused(ErrorReason::CodeTooSoon),
        _ => answer(path),
    }
}

/// A session about a client, in which somebody may look along.
fn session(client_id: &str, client_name: &str, impersonator: &str) -> ResolveSessionResponse {
    let later = Some(time::to_proto(monday_morning() + SignedDuration::from_mins(30)));
    ResolveSessionResponse {
        token: "a-token".to_owned(),
        organisation_id: "o".to_owned(),
        account_id: "a".to_owned(),
        client_id: client_id.to_owned(),
        client_name: client_name.to_owned(),
        grants: section::all()
            .map(|section| Grant {
                section: section.into(),
                actions: vec![Action::View.into(), Action::Write.into()],
            })
            .collect(),
        idle_until: later,
        ends_at: later,
        language: "nl".to_owned(),
        is_client: false,
        clients: 2,
        text_size: "large".to_owned(),
        impersonator: impersonator.to_owned(),
        ..hostile()
    }
}

/// The progress of a login, whose token names its step.
fn login(token: &str) -> LoginProgress {
    let step = match token {
        "send" => LoginStep::SendCode,
        "device" => LoginStep::DeviceCode,
        "password" => LoginStep::OwnPassword,
        "terms" => LoginStep::Terms,
        "invitation" => LoginStep::Invitation,
        _ => LoginStep::Code,
    };
    LoginProgress {
        step: step.into(),
        login_token: token.to_owned(),
        session_token: String::new(),
        device_token: String::new(),
        ..hostile()
    }
}

impl Portal {
    pub async fn start() -> Self {
        Self::start_in(Environment::Test).await
    }

    /// Starts the gateway in an environment.
    pub async fn start_in(environment: Environment) -> Self {
        let (identity, dossier) = (Fake::start(identity).await, Fake::start(dossier).await);
        let address = |name| if name == "identity" { &identity.address } else { &dossier.address };
        let settings = SERVICES.map(|name| (name.to_owned(), address(name).clone())).into();
        Self { router: gateway_in(&settings, environment), identity, dossier }
    }

    /// Sends a request as a browser sends it from the portal's own pages, or as a program sends it to the
    /// JSON.
    pub async fn ask(&self, method: &Method, path: &str, session: Option<&str>) -> Answer {
        let json = path.starts_with("/api/");
        let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", kind)];
        self.ask_with(method, path, session, &headers, if json { "{}" } else { "" }).await
    }

    /// Sends a request with these headers and this body.
    pub async fn ask_with(
        &self,
        method: &Method,
        path: &str,
        session: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        if let Some(token) = session {
            request = request.header(header::COOKIE, format!("__Host-session={token}; __Host-proof=ended"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        Answer::read(response.unwrap()).await
    }
}

/// A gateway with services at these addresses, without NATS.
pub fn gateway(services: &ServiceSettings) -> Router {
    gateway_in(services, Environment::Test)
}

fn gateway_in(services: &ServiceSettings, environment: Environment) -> Router {
    let keys = Keys::generate();
    let clock = Clock::fixed(monday_morning());
    let services = Services::new(services, keys.signer("gateway"), clock.clone()).unwrap();
    let form_keys = AeadKeys::derive(keys.of("gateway").hash().unwrap(), "form", clock.clone());
    let live = Live::without_bus();
    router(App::new(services, live, clock, Proxies::default(), limits(), form_keys, environment))
}

/// Limits that no test reaches.
pub fn limits() -> LimitSettings {
    let setting = LimitSetting { burst: NonZeroU32::MAX, per_minute: NonZeroU32::MAX };
    LimitSettings { login: setting, page: setting }
}

/// An answer with its whole body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text).into_owned();
        Self { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
