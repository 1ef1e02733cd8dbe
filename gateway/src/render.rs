//! The frame around every handler: finds organisation, session and language, refuses writes from elsewhere, keeps the
//! deadline, and turns what the handler gave back into a page or a document.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use problem_details::ProblemDetails;
use proto::access::v1::{Action, Section};
use serde::Serialize;
use tokio::time::Instant;
use tracing::Instrument;

use crate::{
    app::App,
    assets,
    form::with_next,
    i18n::{Language, Speaker, filters},
    organisation::Organisation,
    page::{AnyView, Body, Cookies, Representation},
    problem::Problem,
    security,
    session::{self, PASSIVE, SESSION, Session},
};

/// How long a page may take, whatever the services behind it do.
const DEADLINE: Duration = Duration::from_secs(5);
/// Holds the organisation whose name was typed, where the host does not tell.
pub const ORGANISATION: &str = "__Host-organisation";
/// Holds the language that was chosen.
pub const LANGUAGE: &str = "__Host-language";
/// Holds the key of a message for the next page.
pub const FLASH: &str = "__Host-flash";

/// What is known of a request before its handler runs.
struct Frame {
    representation: Representation,
    organisation: Option<Arc<Organisation>>,
    session: Option<Arc<Session>>,
    speaker: Speaker,
    method: Method,
    path: String,
    flash: Option<String>,
    stale_session: bool,
}

/// The layer.
pub async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    let span = tracing::info_span!("request", otel.kind = "server", method = %request.method());
    chassis::telemetry::adopt(&span, request.headers());
    async move {
        let (mut parts, body) = request.into_parts();
        let deadline = Instant::now() + DEADLINE;
        let (mut frame, early) = Frame::of(&app, &parts, deadline).await;
        if let Some(problem) = early {
            return frame.finish(problem.into_response());
        }
        if let Some(session) = &frame.session {
            parts.extensions.insert(Arc::clone(session));
        }
        if let Some(organisation) = &frame.organisation {
            parts.extensions.insert(Arc::clone(organisation));
        }
        let request = Request::from_parts(parts, body);
        let answer = match tokio::time::timeout_at(deadline, next.run(request)).await {
            Ok(answer) => answer,
            Err(_) => Problem::unavailable().into_response(),
        };
        frame.finish(answer)
    }
    .instrument(span)
    .await
}

impl Frame {
    async fn of(app: &App, request: &Parts, deadline: Instant) -> (Self, Option<Problem>) {
        let headers = &request.headers;
        let cookies = CookieJar::from_headers(headers);
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut frame = Self {
            representation: Representation::of_path(&path),
            organisation: None,
            session: None,
            speaker: Speaker::default(),
            method: request.method.clone(),
            path,
            flash: cookies.get(FLASH).map(|flash| flash.value().to_owned()),
            stale_session: false,
        };
        let mut early = None;
        let found = frame.find_organisation(app, headers, &cookies);
        let found = tokio::time::timeout_at(deadline, found).await;
        match found.unwrap_or_else(|_| Err(Problem::unavailable())) {
            Ok(organisation) => frame.organisation = organisation,
            Err(problem) => early = Some(problem),
        }
        if early.is_none() && !security::is_same_site(&request.method, headers) {
            early = Some(Problem::cross_site());
        }
        if early.is_none()
            && let Some(token) = session::token_of(headers)
        {
            let resolved = if headers.contains_key(PASSIVE) {
                tokio::time::timeout_at(deadline, app.sessions.resolve_passively(&token)).await
            } else {
                tokio::time::timeout_at(deadline, app.sessions.resolve(&token)).await
            };
            match resolved.unwrap_or_else(|_| Err(Problem::unavailable())) {
                Ok(session) => frame.take_session(session),
                Err(problem) => early = Some(problem),
            }
        }
        frame.speaker = frame.speaker(headers, &cookies);
        (frame, early)
    }

    async fn find_organisation(
        &self,
        app: &App,
        headers: &HeaderMap,
        cookies: &CookieJar,
    ) -> Result<Option<Arc<Organisation>>, Problem> {
        if let Some(found) = app.organisations.by_host(&security::host(headers)).await? {
            return Ok(Some(found));
        }
        match cookies.get(ORGANISATION) {
            Some(name) => app.organisations.by_name(name.value()).await,
            None => Ok(None),
        }
    }

    /// A session of another organisation than the one whose pages these are is none here.
    fn take_session(&mut self, session: Option<Arc<Session>>) {
        let here = self.organisation.as_ref().map(|organisation| organisation.id.as_str());
        self.session =
            session.filter(|session| here.is_none_or(|here| here == session.facts.organisation_id));
        self.stale_session = self.session.is_none();
    }

    fn speaker(&self, headers: &HeaderMap, cookies: &CookieJar) -> Speaker {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let by_program = accepted.filter(|_| self.representation == Representation::Json);
        let settings = self.organisation.as_ref().map(|organisation| &organisation.settings);
        let language = cookies
            .get(LANGUAGE)
            .and_then(|language| Language::of_code(language.value()))
            .or_else(|| by_program.and_then(Language::accepted))
            .or_else(|| Language::of_code(&self.session.as_ref()?.facts.language))
            .or_else(|| Language::of_code(&settings?.language));
        let contact = settings.and_then(|settings| settings.contact.clone()).unwrap_or_default();
        let name = |value: Option<&String>| value.cloned().unwrap_or_else(|| "Zorgportaal".to_owned());
        let names = [
            ("product", name(settings.map(|settings| &settings.product_name))),
            ("organisation", name(settings.map(|settings| &settings.name))),
            ("phone", contact.phone),
            ("email", contact.email),
            ("hours", contact.hours),
            ("care_questions", contact.care_questions),
        ];
        Speaker { language: language.unwrap_or_default(), names: names.into_iter().collect() }
    }

    fn finish(&mut self, mut answer: Response) -> Response {
        let problem = answer.extensions_mut().remove::<Problem>();
        let body = answer.extensions_mut().remove::<Body>();
        let cookies = answer.extensions_mut().remove::<Cookies>().map(|cookies| cookies.0);
        let mut cookies = cookies.unwrap_or_default();
        let mut response = match (problem, body) {
            (Some(problem), _) => self.problem(&problem),
            (None, Some(Body::View(view))) => self.view(StatusCode::OK, &*view),
            (None, Some(Body::Done(outcome, path))) => match self.representation {
                Representation::Html => see_other(&path),
                Representation::Json => json(StatusCode::OK, "application/json", outcome.to_vec()),
            },
            (None, None) => return answer,
        };
        if self.representation == Representation::Html {
            if self.flash.is_some() && response.status() != StatusCode::SEE_OTHER {
                cookies.push(session::removal(FLASH));
            }
            if self.stale_session && cookies.iter().all(|cookie| cookie.name() != SESSION) {
                cookies.push(session::removal(SESSION));
            }
            for cookie in cookies {
                add_cookie(&mut response, &cookie);
            }
        }
        for (name, value) in answer.headers() {
            response.headers_mut().entry(name).or_insert(value.clone());
        }
        response
    }

    fn view(&mut self, status: StatusCode, view: &dyn AnyView) -> Response {
        if self.representation == Representation::Json {
            return match view.json() {
                Ok(bytes) => json(status, "application/json", bytes),
                Err(error) => self.problem(&Problem::internal(&error)),
            };
        }
        match self.page(view) {
            Ok(page) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    fn problem(&mut self, problem: &Problem) -> Response {
        let mut response = match self.representation {
            Representation::Json => {
                let word = |key: &str| self.speaker.say(key, &[]);
                let details = ProblemDetails::new()
                    .with_status(problem.status)
                    .with_type(type_of(problem))
                    .with_title(word(&problem.word()))
                    .with_extensions(Extensions::of(problem, word));
                let bytes = serde_json::to_vec(&details).unwrap_or_default();
                json(problem.status, "application/problem+json", bytes)
            }
            Representation::Html if problem.is_unauthenticated() => {
                let target = (self.method == Method::GET).then_some(self.path.as_str());
                see_other(&with_next("/login", target))
            }
            Representation::Html => match problem.form.clone() {
                Some(form) => self.view(problem.status, &*form),
                None => self.view(problem.status, &ErrorPage { word: problem.word() }),
            },
        };
        let wait = problem.retry_after.map(|wait| wait.as_secs().max(1).to_string());
        let wait = wait.or((problem.status == StatusCode::SERVICE_UNAVAILABLE).then(|| "5".to_owned()));
        if let Some(wait) = wait.and_then(|wait| HeaderValue::try_from(wait).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }

    fn page(&mut self, view: &dyn AnyView) -> askama::Result<String> {
        let content = view.html(&self.speaker)?;
        let theme = self.organisation.as_ref().and_then(|organisation| organisation.settings.theme.clone());
        let layout = Layout {
            language: self.speaker.language.code(),
            title: view.title(),
            has_errors: view.has_errors(),
            theme: theme.map(|theme| assets::theme_path(&theme)),
            style: assets::path("app.css"),
            script: assets::path("app.js"),
            icon: assets::path("favicon.svg"),
            session: self.session.as_deref(),
            path: self.path.split('?').next().unwrap_or("/"),
            back: &self.path,
            flash: self.flash.as_deref(),
            has_contact: self.organisation.is_some(),
            content,
        };
        layout.render_with_values(&self.speaker)
    }
}

/// The page around a page.
#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    language: &'static str,
    title: &'static str,
    has_errors: bool,
    theme: Option<String>,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    session: Option<&'a Session>,
    path: &'a str,
    back: &'a str,
    flash: Option<&'a str>,
    has_contact: bool,
    content: String,
}

impl Layout<'_> {
    fn may_see_reports(&self) -> bool {
        self.session.is_some_and(|session| session.allows(Section::Reports, Action::View))
    }
}

/// A page that only says what went wrong.
#[derive(Template, Serialize)]
#[template(path = "problem.html")]
struct ErrorPage {
    word: String,
}

impl crate::page::View for ErrorPage {
    const TITLE: &'static str = "problem-title";

    fn has_errors(&self) -> bool {
        true
    }
}

/// What a problem+json document says beside RFC 9457's own members.
#[derive(Default, Serialize)]
struct Extensions {
    reason: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

#[derive(Serialize)]
struct FieldError {
    pointer: String,
    reason: String,
    detail: String,
}

impl Extensions {
    fn of(problem: &Problem, word: impl Fn(&str) -> String) -> Self {
        let errors = problem.fields.iter().map(|(name, reason)| FieldError {
            pointer: format!("/{}", name.replace('.', "/")),
            reason: reason.clone(),
            detail: word(&crate::problem::word(&problem.domain, reason)),
        });
        Self { reason: problem.reason.clone(), errors: errors.collect() }
    }
}

/// The problem's type (RFC 9457): a name, relative to the portal.
fn type_of(problem: &Problem) -> http::Uri {
    format!("/problems/{}", problem.word()).parse().unwrap_or_default()
}

fn json(status: StatusCode, kind: &'static str, bytes: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}

fn see_other(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn add_cookie(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
