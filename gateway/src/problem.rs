//! What went wrong, for people and for programs: an error page, or problem+json (RFC 9457).

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{Failure, failure::SHARED_DOMAIN};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::page::{AnyView, View};

/// A problem: a status, a reason of the contract and the fields that are wrong. Words come later, in a language.
#[derive(Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The package whose reason it is.
    pub domain: String,
    /// The reason, such as `LOGIN_REFUSED`.
    pub reason: String,
    /// The fields that are wrong: name and reason.
    pub fields: Vec<(String, String)>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The form to show again, with what was typed.
    pub form: Option<Arc<dyn AnyView>>,
}

impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.reason)
    }
}

impl Problem {
    /// A problem of the gateway's own, for a shared reason.
    #[must_use]
    pub fn shared(status: StatusCode, reason: &str) -> Self {
        Self {
            status,
            domain: SHARED_DOMAIN.to_owned(),
            reason: reason.to_owned(),
            fields: Vec::new(),
            retry_after: None,
            form: None,
        }
    }

    /// Nobody is logged in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::shared(StatusCode::UNAUTHORIZED, "TOKEN_REFUSED")
    }

    /// There is no such page, or not for the caller.
    #[must_use]
    pub fn not_found() -> Self {
        Self::shared(StatusCode::NOT_FOUND, "NOT_FOUND")
    }

    /// A part of the system cannot be reached in time.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::shared(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
    }

    /// Our fault. The cause goes to the log.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        let failure = Failure::internal(cause);
        Self::shared(StatusCode::INTERNAL_SERVER_ERROR, failure.reason)
    }

    /// What was sent is larger than can be taken.
    #[must_use]
    pub fn too_large() -> Self {
        Self::shared(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE")
    }

    /// What was sent cannot be read.
    #[must_use]
    pub fn unreadable() -> Self {
        Self::shared(StatusCode::BAD_REQUEST, "BODY_UNREADABLE")
    }

    /// What was sent came from another site.
    #[must_use]
    pub fn cross_site() -> Self {
        Self::shared(StatusCode::FORBIDDEN, "CROSS_SITE")
    }

    /// One field of a form that cannot be taken, for a reason of identity's.
    #[must_use]
    pub fn of_field(name: &str, reason: &str) -> Self {
        Self {
            domain: "zorgportaal.identity.v1".to_owned(),
            fields: vec![(name.to_owned(), reason.to_owned())],
            ..Self::shared(StatusCode::UNPROCESSABLE_ENTITY, reason)
        }
    }

    /// Whether logging in would help.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether proving more surely who is there would help.
    #[must_use]
    pub fn asks_step_up(&self) -> bool {
        self.reason == "STEP_UP_REQUIRED"
    }

    /// The fields that are wrong with the keys of their words, in the order of a form's fields.
    #[must_use]
    pub fn errors(&self, order: &[&'static str]) -> Vec<(&'static str, String)> {
        order.iter().filter_map(|name| Some((*name, self.field(name)?))).collect()
    }

    /// Whether it is about what the person typed, so that the form can be shown again.
    #[must_use]
    pub fn is_about_input(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT
        )
    }

    /// The key of the words for it.
    #[must_use]
    pub fn word(&self) -> String {
        word(&self.domain, &self.reason)
    }

    /// The key of the words for a field, or `None` where the field is well.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let (_, reason) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(word(&self.domain, reason))
    }

    /// The name of the first field that is wrong; empty where none is named.
    #[must_use]
    pub fn first_field(&self) -> &str {
        self.fields.first().map_or("", |(name, _)| name)
    }

    /// The same, with the form to show again where a page was asked for.
    #[must_use]
    pub fn with_form(self, form: impl View) -> Self {
        Self { form: Some(Arc::new(form)), ..self }
    }
}

/// The key of the words for a reason: `identity-login-refused`.
#[must_use]
pub fn word(domain: &str, reason: &str) -> String {
    let service = domain.split('.').nth(1).unwrap_or("access");
    format!("{service}-{}", reason.to_ascii_lowercase().replace('_', "-"))
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let Some(info) = details.error_info() else {
            // Not said by a service, but by the way to it.
            return match status.code() {
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
                    tracing::warn!(code = ?status.code(), "a service is not reached");
                    Self::unavailable()
                }
                _ => Self::internal(&status),
            };
        };
        let http = match status.code() {
            Code::InvalidArgument => StatusCode::UNPROCESSABLE_ENTITY,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Aborted | Code::AlreadyExists | Code::FailedPrecondition => StatusCode::CONFLICT,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable | Code::DeadlineExceeded => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let fields = details.bad_request().map(|bad| {
            bad.field_violations
                .iter()
                .map(|violation| (violation.field.clone(), violation.reason.clone()))
                .collect()
        });
        Self {
            status: http,
            domain: info.domain.clone(),
            reason: info.reason.clone(),
            fields: fields.unwrap_or_default(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            form: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
