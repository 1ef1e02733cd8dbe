//! The layer around every handler: it finds organisation, session and language, refuses writes from other
//! sites, keeps the deadline, and turns the handler's result into a page or JSON (`answer`).

mod answer;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::aead::AeadKeys;
use jiff::Timestamp;
use proto::gateway::v1::ErrorReason;
use tokio::time::Instant;

use crate::{
    accept,
    app::App,
    body::{self, BODY_LIMIT},
    cookie::{self, Flash},
    edge::Edge,
    form::{self, FormRoute, FormRoutes},
    i18n::{BothLanguages, Language, PageValues},
    organisation::Organisation,
    page::{Page, Representation},
    pending_form::{OtherClientView, PendingForm},
    problem::Problem,
    sections::live,
    security,
    session::Session,
    sessions::PASSIVE,
    stamp::SentForm,
};

/// How long a request may take, however slow the services behind the gateway are.
const DEADLINE: Duration = Duration::from_secs(5);

/// What is known of a request before its handler runs.
struct Frame {
    representation: Representation,
    organisation: Option<Arc<Organisation>>,
    /// Whether the organisation comes from the cookie with the typed name, because the host serves several.
    is_remembered: bool,
    session: Option<Arc<Session>>,
    page_values: PageValues,
    method: Method,
    path: String,
    flash: Option<Flash>,
    stale_session: bool,
    now: Timestamp,
    form_keys: AeadKeys,
    /// How the form of the request's route is handled.
    form_route: FormRoute,
    /// The form that a page sent.
    sent: Option<Arc<SentForm>>,
}

/// The state of the layer.
#[derive(Clone)]
pub struct FrameState {
    /// The state that all handlers share.
    pub app: App,
    /// How the form of each route is handled.
    pub forms: Arc<FormRoutes>,
}

/// The layer around every handler.
pub async fn frame(State(state): State<FrameState>, request: Request, next: Next) -> Response {
    // The route, because a path may hold a secret.
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let edge = request.extensions().get::<Edge>().cloned().unwrap_or_default();
    let trace = edge.trace(request.headers()).named(format!("{} {route}", request.method()));
    let span = |work: &str| tracing::info_span!("request", otel.kind = "server", method = work);
    let work = async move {
        let (mut parts, body) = request.into_parts();
        let deadline = Instant::now() + DEADLINE;
        let (mut frame, refusal) = Frame::resolve(&state, &edge, &parts, deadline).await;
        if let Some(problem) = refusal {
            return frame.finish(problem.into_response());
        }
        let body = match tokio::time::timeout_at(deadline, frame.take_form(&parts, body)).await {
            Ok(Ok(body)) => body,
            Ok(Err(refused)) => return frame.finish(refused),
            Err(_) => return frame.finish(Problem::unavailable().into_response()),
        };
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
    };
    trace.run(span, work).await
}

impl Frame {
    async fn resolve(
        state: &FrameState,
        edge: &Edge,
        request: &Parts,
        deadline: Instant,
    ) -> (Self, Option<Problem>) {
        let (app, headers) = (&state.app, &request.headers);
        let matched = request.extensions.get::<MatchedPath>();
        let form_route = matched.and_then(|path| state.forms.get(path.as_str())).copied();
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut frame = Self {
            representation: Representation::of_path(&path),
            organisation: None,
            is_remembered: false,
            session: None,
            page_values: PageValues::default(),
            method: request.method.clone(),
            path,
            flash: Flash::read(headers),
            stale_session: false,
            now: app.clock.now(),
            form_keys: app.form_keys.clone(),
            form_route: form_route.unwrap_or_default(),
            sent: None,
        };
        let mut refusal = app.limits.count(edge.address, &request.method, request.uri.path()).err();
        let found = frame.find_organisation(app, edge, headers, refusal.is_some());
        let found = tokio::time::timeout_at(deadline, found).await;
        match found.unwrap_or_else(|_| Err(Problem::unavailable())) {
            Ok((organisation, is_remembered)) => {
                frame.organisation = organisation;
                frame.is_remembered = is_remembered;
            }
            Err(problem) => refusal = Some(problem),
        }
        if refusal.is_none() && !security::is_same_site(edge, &request.method, headers) {
            refusal = Some(Problem::new(ErrorReason::CrossSite));
        }
        if refusal.is_none()
            && let Some(token) = cookie::session_token(headers)
        {
            let resolved = if headers.contains_key(PASSIVE) || frame.path == live::PATH {
                tokio::time::timeout_at(deadline, app.sessions.resolve_passively(&token)).await
            } else {
                tokio::time::timeout_at(deadline, app.sessions.resolve(&token)).await
            };
            match resolved.unwrap_or_else(|_| Err(Problem::unavailable())) {
                Ok(session) => frame.accept_session(session),
                Err(problem) => refusal = Some(problem),
            }
        }
        frame.page_values = frame.page_values(headers);
        (frame, refusal)
    }

    /// Takes the stamp off a form, and refuses a form of another account or client than those of the session
    /// now.
    ///
    /// # Errors
    /// The answer to a refused form.
    async fn take_form(&mut self, request: &Parts, body: Body) -> Result<Body, Response> {
        let is_form = security::media_type(&request.headers) == form::MEDIA_TYPE;
        if self.representation == Representation::Json || self.method != Method::POST || !is_form {
            return Ok(body);
        }
        let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|error| body::problem(error).into_response())?;
        let sent = SentForm::read(&self.form_keys, &bytes);
        self.sent = Some(Arc::clone(&sent));
        let Some(session) = self.session.as_deref().filter(|_| self.form_route.is_stamped) else {
            return Ok(Body::from(sent.body()));
        };
        let stamp = sent.stamp.as_ref().ok_or_else(|| Problem::unreadable().into_response())?;
        let other_client = || Problem::new(ErrorReason::OtherClient);
        if stamp.account != session.facts.account_id {
            return Err(other_client().into_response());
        }
        // A form that was rendered before a client was chosen is about no client, so any chosen client is
        // right.
        if !stamp.client.is_empty() && stamp.client != session.facts.client_id {
            let form = PendingForm::seal(&self.form_keys, &sent, &self.form_route, &self.path, self.now);
            let view = OtherClientView::new(stamp, session, form);
            return Err(Page::refused(other_client(), view).into_response());
        }
        Ok(Body::from(sent.body()))
    }

    /// The organisation of the host, or of the name that the person typed before. `only_known`: as long as identity need
    /// not be asked.
    async fn find_organisation(
        &self,
        app: &App,
        edge: &Edge,
        headers: &HeaderMap,
        only_known: bool,
    ) -> Result<(Option<Arc<Organisation>>, bool), Problem> {
        if only_known {
            return Ok((app.organisations.known_by_host(edge.host_name()).await, false));
        }
        if let Some(found) = app.organisations.by_host(edge.host_name()).await? {
            return Ok((Some(found), false));
        }
        let Some(name) = cookie::read(headers, cookie::ORGANISATION) else { return Ok((None, false)) };
        let found = app.organisations.by_name(&name).await?;
        let is_remembered = found.is_some();
        Ok((found, is_remembered))
    }

    /// Takes over the session, unless it belongs to another organisation than the page does.
    fn accept_session(&mut self, session: Option<Arc<Session>>) {
        let here = self.organisation.as_ref().map(|organisation| organisation.id.as_str());
        self.session =
            session.filter(|session| here.is_none_or(|here| here == session.facts.organisation_id));
        self.stale_session = self.session.is_none();
    }

    fn page_values(&self, headers: &HeaderMap) -> PageValues {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let by_program = accepted.filter(|_| self.representation == Representation::Json);
        let settings = self.organisation.as_ref().map(|organisation| &organisation.settings);
        let language = cookie::read(headers, cookie::LANGUAGE)
            .and_then(|language| Language::of_code(&language))
            .or_else(|| by_program.and_then(accept::language))
            .or_else(|| Language::of_code(&self.session.as_ref()?.facts.language))
            .or_else(|| Language::of_code(&settings?.language));
        let words = match &self.organisation {
            Some(organisation) => &organisation.words,
            None => BothLanguages::of_nobody(),
        };
        PageValues {
            words: words.of(language.unwrap_or_default()),
            is_remembered: self.is_remembered,
            stamping: self.session.clone().map(|session| (session, self.form_keys.clone())),
        }
    }
}
