//! What a failed call is on the wire: a kind, a reason and fields, never free text.
//!
//! A service's `Error` turns into a [`Failure`], a [`Failure`] into a [`Status`] with `google.rpc.ErrorInfo`
//! (and `BadRequest`, `RetryInfo`); the gateway alone turns reasons into words.

use std::{error::Error, time::Duration};

use proto::{Reason, access::v1::ErrorReason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::fields::Field;

/// What kind of failure: decides the gRPC code and the HTTP status.
pub use proto::access::v1::ErrorKind as Kind;

/// A failed call, as the outside hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why. The contract says what kind of failure that is.
    pub reason: Reason,
    /// The fields that are wrong; only where the reason's kind is [`Kind::Invalid`].
    pub fields: Vec<Field>,
    /// When to try again; only where the reason's kind is [`Kind::Limited`].
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure for a reason of the contract.
    #[must_use]
    pub fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), fields: Vec::new(), retry_after: None }
    }

    /// A request whose fields cannot be taken. The failure's own reason is that of the first field.
    #[must_use]
    pub fn of_fields<R: Into<Reason>>(fields: Vec<Field<R>>) -> Self {
        let fields = fields.into_iter().map(|field| Field { name: field.name, reason: field.reason.into() });
        let fields: Vec<Field> = fields.collect();
        let reason = fields.first().map_or(ErrorReason::Internal.into(), |field| field.reason);
        Self { fields, ..Self::new(reason) }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.reason.kind()
    }

    /// The call brought no token, or a token that is not good.
    #[must_use]
    pub fn token_refused() -> Self {
        Self::new(ErrorReason::TokenRefused)
    }

    /// The thing does not exist, or is not the caller's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorReason::NotFound)
    }

    /// The session's assurance level is too low.
    #[must_use]
    pub fn step_up_required() -> Self {
        Self::new(ErrorReason::StepUpRequired)
    }

    /// The caller acts in another person's name, and only the person may do this.
    #[must_use]
    pub fn impersonation_refused() -> Self {
        Self::new(ErrorReason::ImpersonationRefused)
    }

    /// The page token is not one that was given out.
    #[must_use]
    pub fn page_token_malformed() -> Self {
        Self::new(ErrorReason::PageTokenMalformed)
    }

    /// A part of the system cannot be reached. The cause goes to the log.
    #[must_use]
    pub fn unavailable(cause: &(dyn Error + 'static)) -> Self {
        tracing::warn!(cause = chain(cause), "unavailable");
        Self::new(ErrorReason::Unavailable)
    }

    /// The system is at fault. The cause goes to the log, once, with its own causes.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "internal error");
        Self::new(ErrorReason::Internal)
    }
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::StepUp | Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Conflict => Code::Aborted,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Limited => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Unspecified | Kind::Internal => Code::Internal,
    }
}

/// An error and all that caused it, on one line for the log.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let (reason, mut details) = (failure.reason, ErrorDetails::new());
        details.set_error_info(reason.name(), reason.domain(), std::collections::HashMap::new());
        if !failure.fields.is_empty() {
            let violations = failure.fields.into_iter().map(|field| FieldViolation {
                field: field.name,
                reason: field.reason.name().to_owned(),
                ..FieldViolation::default()
            });
            details.set_bad_request(violations.collect::<Vec<_>>());
        }
        if failure.retry_after.is_some() {
            details.set_retry_info(failure.retry_after);
        }
        Self::with_error_details(code(reason.kind()), reason.name(), details)
    }
}
