//! A gateway before made-up services: one organisation, one session, a dossier with a hostile report in it.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, header},
};
use chassis::{Clock, Failure, failure::Kind, stamp::StampKey};
use gateway::{App, Clients, Live, ServiceSettings, router};
use http_body_util::BodyExt;
use prost::Message;
use proto::{
    access::v1::{Action, Grant, Level, Section},
    dossier::v1::{ListReportsResponse, Report, ReportKind},
    identity::v1::*,
};
use testkit::{Keys, fake::Fake, monday_morning};
use tonic::Status;
use tower::ServiceExt;

pub const HOST: &str = "thuisgenoten.localhost";
pub const TOKEN: &str = "a-good-session";
/// The same person, with another client chosen.
pub const OTHER_CLIENT: &str = "a-session-about-another";
/// What somebody may have typed into a report (ATT-10).
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

fn refused(failure: Failure) -> Status {
    Status::from(failure)
}

#[expect(clippy::too_many_lines, reason = "one arm for each method")]
fn identity(method: &str, request: &[u8]) -> Result<Vec<u8>, Status> {
    let refusal = |reason| refused(Failure::new(Kind::Unauthenticated, "zorgportaal.identity.v1", reason));
    match method {
        "FindOrganisation" if FindOrganisationRequest::decode(request).unwrap().host == HOST => {
            let found =
                FindOrganisationResponse { organisation_id: "o".to_owned(), settings: Some(settings()) };
            Ok(found.encode_to_vec())
        }
        "FindOrganisation" => Err(refused(Failure::not_found())),
        "ResolveSession"
            if [TOKEN, OTHER_CLIENT]
                .contains(&&*ResolveSessionRequest::decode(request).unwrap().session_token) =>
        {
            let other = ResolveSessionRequest::decode(request).unwrap().session_token == OTHER_CLIENT;
            let later = prost_types::Timestamp { seconds: monday_morning().as_second() + 1800, nanos: 0 };
            let session = ResolveSessionResponse {
                token: "a-token".to_owned(),
                session_id: "s".to_owned(),
                organisation_id: "o".to_owned(),
                account_id: "a".to_owned(),
                display_name: HOSTILE.to_owned(),
                username: HOSTILE.to_owned(),
                client_id: if other { "d" } else { "c" }.to_owned(),
                client_name: if other { "mevrouw Ander" } else { HOSTILE }.to_owned(),
                grants: [Section::Reports, Section::Users]
                    .map(|section| Grant { section: section.into(), actions: vec![Action::View.into()] })
                    .to_vec(),
                level: Level::Low.into(),
                idle_until: Some(later),
                ends_at: Some(later),
                language: "nl".to_owned(),
                is_client: false,
                clients: 2,
                impersonator: HOSTILE.to_owned(),
                last_login_at: Some(later),
                text_size: "large".to_owned(),
            };
            Ok(session.encode_to_vec())
        }
        "GetLogin" => Ok(login(&GetLoginRequest::decode(request).unwrap().login_token).encode_to_vec()),
        "GetAccount" => {
            let account = GetAccountResponse {
                username: HOSTILE.to_owned(),
                display_name: HOSTILE.to_owned(),
                email: HOSTILE.to_owned(),
                phone: HOSTILE.to_owned(),
                ..Default::default()
            };
            Ok(account.encode_to_vec())
        }
        "ListMyClients" => {
            let client = MyClient { client_id: "c".to_owned(), name: HOSTILE.to_owned(), is_client: true };
            Ok(ListMyClientsResponse { clients: vec![client] }.encode_to_vec())
        }
        "ListSessions" => {
            let at = Some(prost_types::Timestamp { seconds: monday_morning().as_second(), nanos: 0 });
            let session = SessionSummary {
                session_id: "other".to_owned(),
                started_at: at,
                seen_at: at,
                impersonator: HOSTILE.to_owned(),
                ..Default::default()
            };
            Ok(ListSessionsResponse { sessions: vec![session] }.encode_to_vec())
        }
        "ListDevices" => {
            let at = Some(prost_types::Timestamp { seconds: monday_morning().as_second(), nanos: 0 });
            let name = HOSTILE.to_owned();
            let device = Device { device_id: "d".to_owned(), name, added_at: at, expires_at: at };
            Ok(ListDevicesResponse { devices: vec![device] }.encode_to_vec())
        }
        "ListAccess" => Ok(access().encode_to_vec()),
        "StartEmailChange" | "ListSecrets" => Err(refused(Failure::step_up_required())),
        "StartStepUp" => {
            let code = SentCode {
                sent_to: HOSTILE.to_owned(),
                shown_digits: "5913".to_owned(),
                ..Default::default()
            };
            Ok(StartStepUpResponse { code: Some(code) }.encode_to_vec())
        }
        "VerifyStepUp" => {
            let proof = "a-proof".to_owned();
            Ok(VerifyStepUpResponse { proof, ..Default::default() }.encode_to_vec())
        }
        "SelectClient" => Ok(SelectClientResponse {}.encode_to_vec()),
        "StartLogin" => {
            let request = StartLoginRequest::decode(request).unwrap();
            if request.password != "goed" {
                return Err(refused(Failure::new(Kind::Invalid, "zorgportaal.identity.v1", "LOGIN_REFUSED")));
            }
            Ok(StartLoginResponse { progress: login("code").progress }.encode_to_vec())
        }
        "VerifyCode" => {
            let progress = LoginProgress {
                step: LoginStep::Done.into(),
                session_token: TOKEN.to_owned(),
                device_token: "a-device".to_owned(),
                device_life_days: 90,
                ..Default::default()
            };
            Ok(VerifyCodeResponse { progress: Some(progress) }.encode_to_vec())
        }
        "ResolveSession" => Err(refusal("SESSION_ENDED")),
        "EndSession" => Ok(EndSessionResponse {}.encode_to_vec()),
        "Check" => Ok(vec![8, 1]),
        _ => Err(refusal("LOGIN_REFUSED")),
    }
}

/// Where the attempt stands whose token says so.
fn login(token: &str) -> GetLoginResponse {
    let step = match token {
        "send" => LoginStep::SendCode,
        "device" => LoginStep::DeviceCode,
        "password" => LoginStep::OwnPassword,
        "terms" => LoginStep::Terms,
        "invitation" => LoginStep::Invitation,
        _ => LoginStep::Code,
    };
    let hostile = || HOSTILE.to_owned();
    let progress = LoginProgress {
        step: step.into(),
        login_token: token.to_owned(),
        code: Some(SentCode { sent_to: hostile(), life_seconds: 300, shown_digits: hostile(), by_sms: true }),
        terms: Some(Terms { title: hostile(), version: 1, text_nl: hostile(), ..Default::default() }),
        invitations: vec![PendingInvitation {
            invited_by: hostile(),
            client_name: hostile(),
            access_id: hostile(),
        }],
        ..Default::default()
    };
    GetLoginResponse { progress: Some(progress) }
}

fn access() -> ListAccessResponse {
    let grants = vec![Grant { section: Section::Reports.into(), actions: vec![Action::View.into()] }];
    let entry = |id: &str, invitation: InvitationState| AccessEntry {
        access_id: id.to_owned(),
        name: HOSTILE.to_owned(),
        relation: RelationKind::Relative.into(),
        grants: grants.clone(),
        ground: HOSTILE.to_owned(),
        invitation: invitation.into(),
        may_change: true,
        ..Default::default()
    };
    ListAccessResponse {
        entries: vec![entry("x", InvitationState::Sent), entry("y", InvitationState::Accepted)],
        givable: grants,
        may_invite: true,
    }
}

fn dossier(method: &str, _: &[u8]) -> Result<Vec<u8>, Status> {
    match method {
        "ListReports" => {
            let report = Report {
                report_id: "r".to_owned(),
                text: HOSTILE.to_owned(),
                author: HOSTILE.to_owned(),
                author_role: HOSTILE.to_owned(),
                written_at: Some(prost_types::Timestamp { seconds: monday_morning().as_second(), nanos: 0 }),
                kind: ReportKind::Daily.into(),
                ..Default::default()
            };
            let answer = ListReportsResponse { reports: vec![report], ..Default::default() };
            Ok(answer.encode_to_vec())
        }
        "Check" => Ok(vec![8, 1]),
        _ => Err(refused(Failure::not_found())),
    }
}

impl Portal {
    pub async fn start() -> Self {
        let (identity, dossier) = (Fake::start(identity).await, Fake::start(dossier).await);
        let settings = ServiceSettings {
            identity: identity.address.clone(),
            dossier: dossier.address.clone(),
            messaging: dossier.address.clone(),
        };
        Self { router: gateway(&settings), identity, dossier }
    }

    /// Asks as a browser of these pages does.
    pub async fn ask(&self, method: &Method, path: &str, session: Option<&str>) -> Answer {
        let json = path.starts_with("/api/");
        let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", kind)];
        self.ask_with(method, path, session, &headers, if json { "{}" } else { "" }).await
    }

    /// Asks with headers and a body of one's own.
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
            request = request.header(header::COOKIE, format!("__Host-session={token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        Answer::read(response.unwrap()).await
    }
}

/// A gateway before services at these addresses, without a bus.
pub fn gateway(services: &ServiceSettings) -> Router {
    let keys = Keys::generate();
    let clock = Clock::fixed(monday_morning());
    let clients = Clients::new(services, keys.settings.signer("gateway").unwrap(), clock.clone()).unwrap();
    let stamps = StampKey::derive(&keys.settings.hash("gateway").unwrap(), "form");
    router(App::new(clients, Live::deaf(), clock, Vec::new(), stamps))
}

/// An answer, read to its end.
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
