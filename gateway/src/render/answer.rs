//! The way out: a view as page or document, a problem as error page, problem+json, or the way to what is missing.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;
use problem_details::ProblemDetails;
use serde::Serialize;

use super::Frame;
use crate::{
    continuation::{Continuation, with_next},
    cookie,
    i18n::filters,
    layout,
    page::{AnyView, Body as Outcome, Cookies, Representation},
    pending_form::PendingForm,
    problem::Problem,
    sections::{LoginView, StepUpView, step_up_path},
};

impl Frame {
    /// What a handler gave back, as it is sent.
    pub(super) fn finish(&mut self, mut answer: Response) -> Response {
        let problem = answer.extensions_mut().remove::<Problem>();
        let body = answer.extensions_mut().remove::<Outcome>();
        let cookies = answer.extensions_mut().remove::<Cookies>().map(|cookies| cookies.0);
        let mut cookies = cookies.unwrap_or_default();
        let mut response = match (problem, body) {
            (Some(problem), _) => self.refused(&problem, None),
            (None, Some(Outcome::Refused(problem, form))) => self.refused(&problem, Some(&*form)),
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
            // A query or a path that cannot be read: the framework says so in words of its own.
            (None, None) if answer.status().is_client_error() => self.refused(&Problem::unreadable(), None),
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
                Err(error) => self.refused(&Problem::internal(&error), None),
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

    /// A problem as a document; or as the form it is about, the way to what is missing, or an error page.
    fn refused(&mut self, problem: &Problem, form: Option<&dyn AnyView>) -> Response {
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
            Representation::Html
                if form.is_none() && (problem.is_unauthenticated() || problem.asks_step_up()) =>
            {
                self.ask_who(problem)
            }
            Representation::Html => match form {
                Some(form) => self.view(problem.status, form),
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

    /// Leads to the login or to the step-up. What was typed goes along.
    fn ask_who(&mut self, problem: &Problem) -> Response {
        let is_step_up = problem.asks_step_up();
        let sent = self.sent.as_deref();
        let pending = sent
            .and_then(|sent| PendingForm::seal(&self.form_key, sent, &self.form_route, &self.path, self.now));
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
        let content = view.html(&self.speaker)?;
        let frame = layout::Around {
            speaker: &self.speaker,
            organisation: self.organisation.as_deref(),
            session: self.session.as_deref(),
            path: &self.path,
            back: self.form_route.page_of(&self.path),
            flash: self.flash.as_deref(),
            now: self.now,
        };
        layout::render(&frame, view, content)
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
    fn of(problem: &Problem, word: impl Fn(&str) -> String) -> Self {
        let errors = problem.fields.iter().map(|(name, reason)| FieldError {
            pointer: format!("/{}", name.replace('.', "/")),
            reason: reason.name(),
            detail: word(&crate::problem::word(*reason)),
        });
        Self { reason: problem.reason.name(), errors: errors.collect() }
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
