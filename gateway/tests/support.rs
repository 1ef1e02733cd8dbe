//! A gateway before made-up services: one organisation, one session, a dossier with a hostile report in it.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, header},
};
use chassis::{Clock, Failure, failure::Kind};
use gateway::{App, Clients, Live, ServiceSettings, router};
use http_body_util::BodyExt;
use prost::Message;
use proto::{
    access::v1::{Action, Grant, Level, Section},
    dossier::v1::{ListReportsResponse, Report, ReportKind},
    identity::v1::{
        EndSessionResponse, FindOrganisationRequest, FindOrganisationResponse, OrganisationSettings,
        ResolveSessionRequest, ResolveSessionResponse,
    },
};
use testkit::{Keys, fake::Fake, monday_morning};
use tonic::Status;
use tower::ServiceExt;

pub const HOST: &str = "thuisgenoten.localhost";
pub const TOKEN: &str = "a-good-session";
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
        ..Default::default()
    }
}

fn refused(failure: Failure) -> Status {
    Status::from(failure)
}

fn identity(method: &str, request: &[u8]) -> Result<Vec<u8>, Status> {
    let refusal = |reason| refused(Failure::new(Kind::Unauthenticated, "zorgportaal.identity.v1", reason));
    match method {
        "FindOrganisation" if FindOrganisationRequest::decode(request).unwrap().host == HOST => {
            let found =
                FindOrganisationResponse { organisation_id: "o".to_owned(), settings: Some(settings()) };
            Ok(found.encode_to_vec())
        }
        "FindOrganisation" => Err(refused(Failure::not_found())),
        "ResolveSession" if ResolveSessionRequest::decode(request).unwrap().session_token == TOKEN => {
            let later = prost_types::Timestamp { seconds: monday_morning().as_second() + 1800, nanos: 0 };
            let session = ResolveSessionResponse {
                token: "a-token".to_owned(),
                session_id: "s".to_owned(),
                organisation_id: "o".to_owned(),
                account_id: "a".to_owned(),
                display_name: HOSTILE.to_owned(),
                client_id: "c".to_owned(),
                client_name: HOSTILE.to_owned(),
                grants: vec![Grant { section: Section::Reports.into(), actions: vec![Action::View.into()] }],
                level: Level::Low.into(),
                idle_until: Some(later),
                ends_at: Some(later),
                language: "nl".to_owned(),
                is_client: false,
            };
            Ok(session.encode_to_vec())
        }
        "ResolveSession" => Err(refusal("SESSION_ENDED")),
        "EndSession" => Ok(EndSessionResponse {}.encode_to_vec()),
        "Check" => Ok(vec![8, 1]),
        _ => Err(refusal("LOGIN_REFUSED")),
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
    router(App::new(clients, Live::deaf(), clock, Vec::new()))
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
