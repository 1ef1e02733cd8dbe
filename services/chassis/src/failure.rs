//! What a failed call is on the wire: a kind, a reason and fields, never free text.
//!
//! A service's `Error` turns into a [`Failure`], a [`Failure`] into a [`Status`] with `google.rpc.ErrorInfo`
//! (and `BadRequest`, `RetryInfo`); the gateway alone turns reasons into words.

use std::{error::Error, time::Duration};

use proto::access::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain of reasons that every service shares.
pub const SHARED_DOMAIN: &str = "zorgportaal.access.v1";

/// What kind of failure; decides the gRPC code and the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was sent cannot be taken. 422.
    Invalid,
    /// Who calls is not known. 401.
    Unauthenticated,
    /// Who calls must prove more. 403.
    StepUp,
    /// Not allowed, where existence is no secret. 403.
    Forbidden,
    /// Not there, or not yours: the same. 404.
    NotFound,
    /// Stale, or there already. 409.
    Conflict,
    /// In the wrong state. 409.
    Precondition,
    /// Too much. 429.
    Limited,
    /// Try again. 503.
    Unavailable,
    /// Our fault. 500.
    Internal,
}

impl Kind {
    const fn code(self) -> Code {
        match self {
            Self::Invalid => Code::InvalidArgument,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::StepUp | Self::Forbidden => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::Conflict => Code::Aborted,
            Self::Precondition => Code::FailedPrecondition,
            Self::Limited => Code::ResourceExhausted,
            Self::Unavailable => Code::Unavailable,
            Self::Internal => Code::Internal,
        }
    }
}

/// A field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's path in the request, such as `report.text`.
    pub name: String,
    /// Why, as a reason of the failure's domain without its prefix, such as `FIELD_MISSING`.
    pub reason: &'static str,
}

/// A failed call, as the outside hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// The package whose `ErrorReason` the reason is of.
    pub domain: &'static str,
    /// The reason's name in the contract, without its prefix.
    pub reason: &'static str,
    /// The fields that are wrong; only with [`Kind::Invalid`].
    pub fields: Vec<Field>,
    /// When to try again; only with [`Kind::Limited`].
    pub retry_after: Option<Duration>,
}

/// A reason as it travels: the contract's name without the prefix that all of them share.
#[must_use]
pub fn short(reason: &'static str) -> &'static str {
    reason.strip_prefix("ERROR_REASON_").unwrap_or(reason)
}

impl Failure {
    /// A failure of a kind, for a reason named as in the contract.
    #[must_use]
    pub fn new(kind: Kind, domain: &'static str, reason: &'static str) -> Self {
        Self { kind, domain, reason: short(reason), fields: Vec::new(), retry_after: None }
    }

    /// What was sent cannot be taken; the first field's reason stands for all.
    #[must_use]
    pub fn of_fields(domain: &'static str, fields: Vec<Field>) -> Self {
        let reason = fields.first().map_or(crate::fields::MALFORMED, |field| field.reason);
        Self { fields, ..Self::new(Kind::Invalid, domain, reason) }
    }

    fn shared(kind: Kind, reason: ErrorReason) -> Self {
        Self::new(kind, SHARED_DOMAIN, reason.as_str_name())
    }

    /// No token, or one that is not good.
    #[must_use]
    pub fn token_refused() -> Self {
        Self::shared(Kind::Unauthenticated, ErrorReason::TokenRefused)
    }

    /// Not there, or not yours.
    #[must_use]
    pub fn not_found() -> Self {
        Self::shared(Kind::NotFound, ErrorReason::NotFound)
    }

    /// The session's level does not reach.
    #[must_use]
    pub fn step_up_required() -> Self {
        Self::shared(Kind::StepUp, ErrorReason::StepUpRequired)
    }

    /// Somebody acts in the account's name, and this is for the person alone.
    #[must_use]
    pub fn impersonation_refused() -> Self {
        Self::shared(Kind::Forbidden, ErrorReason::ImpersonationRefused)
    }

    /// A page token that was not given out.
    #[must_use]
    pub fn page_token_malformed() -> Self {
        Self::shared(Kind::Invalid, ErrorReason::PageTokenMalformed)
    }

    /// A part of the system cannot be reached. The cause goes to the log.
    #[must_use]
    pub fn unavailable(cause: &(dyn Error + 'static)) -> Self {
        tracing::warn!(cause = chain(cause), "unavailable");
        Self::shared(Kind::Unavailable, ErrorReason::Unavailable)
    }

    /// Our fault. The cause goes to the log, once, with what caused it.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "internal error");
        Self::shared(Kind::Internal, ErrorReason::Internal)
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
        let mut details = ErrorDetails::new();
        details.set_error_info(failure.reason, failure.domain, std::collections::HashMap::new());
        if !failure.fields.is_empty() {
            let violations: Vec<_> = failure
                .fields
                .into_iter()
                .map(|field| FieldViolation {
                    field: field.name,
                    reason: field.reason.to_owned(),
                    ..FieldViolation::default()
                })
                .collect();
            details.set_bad_request(violations);
        }
        if failure.retry_after.is_some() {
            details.set_retry_info(failure.retry_after);
        }
        Self::with_error_details(failure.kind.code(), failure.reason, details)
    }
}
