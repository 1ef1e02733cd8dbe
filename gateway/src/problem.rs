//! Why a request failed: for people an error page, for programs problem+json (RFC 9457).

use std::{error::Error, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{Failure, Kind, failure};
use proto::{
    Reason, access::v1::ErrorReason as Shared, gateway::v1::ErrorReason,
    identity::v1::ErrorReason as Identity,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::i18n::{Language, has_word};

/// Why a request failed. The text is chosen later, when the language is known.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error reason from the contract.
    pub reason: Reason,
    /// The fields that are wrong: name and reason.
    pub fields: Vec<(String, Reason)>,
    /// How long to wait before the next try.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with the status of its reason.
    #[must_use]
    pub fn new(reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        Self { status: status_of_reason(reason), reason, fields: Vec::new(), retry_after: None }
    }

    /// The request has no valid session and no valid login token.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Shared::TokenRefused)
    }

    /// There is no such page, or the person may not see it.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Shared::NotFound)
    }

    /// A service cannot be reached in time.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(Shared::Unavailable)
    }

    /// The address has asked for too much.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(ErrorReason::TooManyRequests) }
    }

    /// The route has no such method.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(ErrorReason::MethodNotAllowed)
    }

    /// The system is at fault. The cause is logged.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self::new(Failure::internal(cause).reason)
    }

    /// The request body is too large.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(ErrorReason::BodyTooLarge)
    }

    /// The body, the query or the path of the request cannot be read.
    #[must_use]
    pub fn unreadable() -> Self {
        Self::new(ErrorReason::BodyUnreadable)
    }

    /// One field of a form is wrong.
    #[must_use]
    pub fn of_field(name: &str, reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        Self { fields: vec![(name.to_owned(), reason)], ..Self::new(reason) }
    }

    /// The fields of a form that are empty and must not be.
    ///
    /// # Errors
    /// `FIELD_MISSING`, for each empty field.
    pub fn of_missing(fields: &[(&str, &str)]) -> Result<(), Self> {
        let reason = Reason::from(Identity::FieldMissing);
        let empty = fields.iter().filter(|(_, value)| value.trim().is_empty());
        let fields: Vec<_> = empty.map(|(name, _)| ((*name).to_owned(), reason)).collect();
        if fields.is_empty() { Ok(()) } else { Err(Self { fields, ..Self::new(reason) }) }
    }

    /// Whether the problem has this reason.
    #[must_use]
    pub fn is(&self, reason: impl Into<Reason>) -> bool {
        self.reason == reason.into()
    }

    /// Whether the person has to log in first.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether the person has to step up first.
    #[must_use]
    pub fn asks_step_up(&self) -> bool {
        self.is(Shared::StepUpRequired)
    }

    /// Whether the problem is about what the person typed. The form is then shown again.
    #[must_use]
    pub fn is_about_input(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT
        )
    }

    /// The Fluent key of the text for the problem.
    #[must_use]
    pub fn word(&self) -> String {
        word(self.reason)
    }

    /// The Fluent key of what is wrong with a field; `None`: nothing is wrong.
    #[must_use]
    pub fn field_word(&self, name: &str) -> Option<String> {
        let (_, reason) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(word_of_field(*reason, name))
    }
}

/// The Fluent key of the text for a reason, such as `identity-login-refused`.
#[must_use]
pub fn word(reason: Reason) -> String {
    let service = reason.domain().split('.').nth(1).unwrap_or_default();
    format!("{service}-{}", reason.name().to_ascii_lowercase().replace('_', "-"))
}

/// The Fluent key of the text for a reason at a field: where there is one, the text that names the field, such as
/// `identity-field-missing.code`.
#[must_use]
pub fn word_of_field(reason: Reason, field: &str) -> String {
    let word = word(reason);
    let named = format!("{word}.{field}");
    if has_word(Language::default().code(), &named) { named } else { word }
}

/// The HTTP status of a reason: that of its kind, except for what HTTP has a status of its own for.
#[must_use]
pub fn status_of_reason(reason: Reason) -> StatusCode {
    match reason {
        Reason::Gateway(ErrorReason::BodyTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::Gateway(ErrorReason::BodyUnreadable) => StatusCode::BAD_REQUEST,
        Reason::Gateway(ErrorReason::MethodNotAllowed) => StatusCode::METHOD_NOT_ALLOWED,
        reason => status_of(reason.kind()),
    }
}

const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::StepUp | Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict | Kind::Precondition => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Unspecified | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The reason in a service's error: one of its own, or one that all services share; `None`: no known reason.
fn reason_of(details: &ErrorDetails) -> Option<Reason> {
    let info = details.error_info()?;
    Reason::parse(&info.domain, &info.reason)
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let Some(reason) = reason_of(&details) else {
            // No known reason: the connection to the service failed, or the service has a newer contract.
            return match status.code() {
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
                    tracing::warn!(code = ?status.code(), "a service cannot be reached");
                    Self::unavailable()
                }
                _ => Self::internal(&status),
            };
        };
        if reason == Shared::TokenRefused.into() {
            // The services get no token but the gateway's own and those that identity just made: the caller is not at
            // fault. Most likely a clock is wrong.
            let metadata = details.error_info().map(|info| info.metadata.clone()).unwrap_or_default();
            let (issued_at, time) = (metadata.get(failure::ISSUED_AT), metadata.get(failure::TIME));
            tracing::warn!(
                issued_at,
                time_of_the_service = time,
                "a service refuses the portal's own token: compare the clocks"
            );
            return Self::unavailable();
        }
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
        let fields = violations.iter().filter_map(|violation| {
            Some((violation.field.clone(), Reason::parse(reason.domain(), &violation.reason)?))
        });
        Self {
            fields: fields.collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            ..Self::new(reason)
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
