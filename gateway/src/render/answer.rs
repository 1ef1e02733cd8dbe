//! Turns the result of a handler into an answer: a view into a page or JSON, a problem into an error page,
//! problem+json, or the login or step-up that is missing.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;
use chassis::telemetry;
use problem_details::ProblemDetails;
use serde::Serialize;

use super::Frame;
use crate::{
    continuation::{Continuation, with_next},
    cookie,
    error_page::ErrorPage,
    layout,
    page::{AnyView, Cookies, Outcome, Representation},
    pending_form::PendingForm,
    problem::Problem,
    sections::{LoginView, StepUpView, menu_items, step_up_path},
};

/// The header with the id under which a request is in logs, traces and the audit trail: for questions about an answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Frame {
    /// Turns a handler's response into the answer to send, which names the request.
    pub(super) fn finish(&mut self, answer: Response) -> Response {
        let mut answer = self.answer(answer);
        if let Ok(id) = HeaderValue::try_from(telemetry::trace_id()) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }

    fn answer(&mut self, mut answer: Response) -> Response {
        let problem = answer.extensions_mut().remove::<Problem>();
        let body = answer.extensions_mut().remove::<Outcome>();
        let cookies = answer.extensions_mut().remove::<Cookies>().map(|cookies| cookies.0);
        let mut cookies = cookies.unwrap_or_default();
        let mut response = match (problem, body) {
            (Some(problem), _) => self.show_problem(&problem, None),
            (None, Some(Outcome::Refused(problem, form))) => self.show_problem(&problem, Some(&*form)),
            (None, Some(Outcome::View(view))) => self.view(StatusCode::OK, &*view),
            (None, Some(Outcome::Next(outcome, view, session))) => match self.representation {
                Representation::Html => {
                    self.session = session;
                    self.view(StatusCode::OK, &*view)
                }
                Representation::Json => json(StatusCode::OK, "application/json", outcome.to_vec()),
            },
            (None, Some(Outcome::Done(outcome, path))) => match self.representation {
                Representation::Html => see_other(&path),
                Representation::Json => json(StatusCode::OK, "application/json", outcome.to_vec()),
            },
            // axum answers an unreadable query or path with a text of its own: replace that answer.
            (None, None) if answer.status().is_client_error() => {
                self.show_problem(&Problem::unreadable(), None)
            }
            (None, None) => return answer,
        };
        if self.representation == Representation::Html {
            if self.flash.is_some() && response.status() != StatusCode::SEE_OTHER {
                cookies.push(cookie::removal(cookie::FLASH));
            }
            if self.stale_session && response.status() == StatusCode::SEE_OTHER {
                cookies.push(cookie::flash("session-over"));
            }
            if self.stale_session && cookies.iter().all(|set| set.name() != cookie::SESSION) {
                cookies.push(cookie::removal(cookie::SESSION));
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
                Err(error) => self.show_problem(&Problem::internal(&error), None),
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

    /// Answers with a problem: problem+json; or on pages the refused form, the login or step-up that is
    /// missing, or an error page.
    fn show_problem(&mut self, problem: &Problem, form: Option<&dyn AnyView>) -> Response {
        if problem.is_unauthenticated() && self.session.take().is_some() {
            // A service says that the session has ended: the browser must not bring it again.
            self.stale_session = true;
        }
        let mut response = match self.representation {
            Representation::Json => {
                let word = |key: &str| self.page_values.words.text(key).to_string();
                let details = ProblemDetails::new()
                    .with_status(problem.status)
                    .with_type(type_of(problem))
                    .with_title(word(&problem.word()))
                    .with_extensions(Extensions::new(problem, word));
                let bytes = serde_json::to_vec(&details).unwrap_or_default();
                json(problem.status, "application/problem+json", bytes)
            }
            Representation::Html
                if form.is_none() && (problem.is_unauthenticated() || problem.asks_step_up()) =>
            {
                self.ask_login_or_step_up(problem)
            }
            Representation::Html => match form {
                Some(form) => self.view(problem.status, form),
                None => self.view(problem.status, &ErrorPage::new(problem)),
            },
        };
        if problem.is_unauthenticated() && self.representation == Representation::Json {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let wait = problem.retry_after.map(|wait| wait.as_secs().max(1).to_string());
        let wait = wait.or((problem.status == StatusCode::SERVICE_UNAVAILABLE).then(|| "5".to_owned()));
        if let Some(wait) = wait.and_then(|wait| HeaderValue::try_from(wait).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }

    /// Leads to the login or the step-up. A form that was sent waits in the sealed field of that page.
    fn ask_login_or_step_up(&mut self, problem: &Problem) -> Response {
        let is_step_up = problem.asks_step_up();
        let sent = self.sent.as_deref();
        let pending = sent.and_then(|sent| {
            PendingForm::seal(&self.form_keys, sent, &self.form_route, &self.path, self.now)
        });
        let purpose = self.form_route.step_up;
        if pending.is_none() {
            let page = self.form_route.page_of(&self.path);
            let path = if is_step_up { step_up_path(purpose) } else { "/login" };
            return see_other(&with_next(path, Some(&page)));
        }
        let continuation = Continuation { next: None, pending_form: pending };
        if is_step_up {
            return self.view(StatusCode::FORBIDDEN, &StepUpView::new(purpose, continuation));
        }
        let mut response = self.view(StatusCode::UNAUTHORIZED, &LoginView::new(continuation));
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        response
    }

    fn page(&mut self, view: &dyn AnyView) -> askama::Result<String> {
        let body = view.html(&self.page_values)?;
        let settings =
            self.organisation.as_ref().and_then(|organisation| organisation.settings.menu.as_ref());
        let items = self.session.as_deref().map(|session| menu_items(session, settings)).unwrap_or_default();
        let context = layout::PageContext {
            page_values: &self.page_values,
            organisation: self.organisation.as_deref(),
            session: self.session.as_deref(),
            path: &self.path,
            back: self.form_route.page_of(&self.path),
            items: &items,
            text_size: self.session.as_deref().map_or("normal", |session| &session.facts.text_size),
            flash: self.flash.as_ref(),
            now: self.now,
        };
        layout::render(&context, view, body)
    }
}

/// The members of a problem+json document beside those of RFC 9457.
#[derive(Default, Serialize)]
struct Extensions {
    reason: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

#[derive(Serialize)]
struct FieldError {
    pointer: String,
    reason: &'static str,
    detail: String,
}

impl Extensions {
    fn new(problem: &Problem, word: impl Fn(&str) -> String) -> Self {
        let errors = problem.fields.iter().map(|(name, reason)| FieldError {
            pointer: format!("/{}", name.replace('.', "/")),
            reason: reason.name(),
            detail: word(&crate::problem::word_of_field(*reason, name)),
        });
        Self { reason: problem.reason.name(), errors: errors.collect() }
    }
}

/// The type of the problem (RFC 9457): a URI, relative to the portal.
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
