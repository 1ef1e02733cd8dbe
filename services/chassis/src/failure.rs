//! How a failed call travels: as a kind, a reason and faulty fields, never as free text.
//!
//! A service's `Error` becomes a [`Failure`]. A [`Failure`] becomes a [`Status`] with `google.rpc.ErrorInfo`
//! (and `BadRequest`, `RetryInfo`). Only the gateway turns reasons into words.

use std::{collections::HashMap, error::Error, time::Duration};

use jiff::Timestamp;
use proto::{Reason, access::v1::ErrorReason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{fields::FieldFault, token::TokenError};

/// The metadata of a refused token: when the token was issued, by its issuer's clock.
pub const ISSUED_AT: &str = "issued_at";
/// The metadata of a refused token: the time of the service.
pub const TIME: &str = "time";

/// The kind of a failure. The kind decides the gRPC code and the HTTP status.
pub use proto::access::v1::ErrorKind as Kind;

/// A failed call, as the caller gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why the call failed. The contract gives each reason its kind.
    pub reason: Reason,
    /// The faulty fields; empty unless the reason's kind is [`Kind::Invalid`].
    pub fields: Vec<FieldFault>,
    /// After how long to try again; `None` unless the reason's kind is [`Kind::Limited`].
    pub retry_after: Option<Duration>,
    /// The position after which a feed can go on; `None` unless the reason's kind is [`Kind::Gone`].
    pub position: Option<i64>,
    /// When the refused token was issued, by its issuer's clock, and the time of the service that refused the token;
    /// `None` unless these times are why.
    pub times: Option<(Timestamp, Timestamp)>,
}

impl Failure {
    /// A failure with this reason.
    #[must_use]
    pub fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), fields: Vec::new(), retry_after: None, position: None, times: None }
    }

    /// The request has faulty fields. The failure takes the reason of the first one.
    #[must_use]
    pub fn of_fields<R: Into<Reason>>(faults: Vec<FieldFault<R>>) -> Self {
        let fields =
            faults.into_iter().map(|fault| FieldFault { name: fault.name, reason: fault.reason.into() });
        let fields: Vec<FieldFault> = fields.collect();
        let reason = fields.first().map_or(ErrorReason::Internal.into(), |field| field.reason);
        Self { fields, ..Self::new(reason) }
    }

    /// The kind of this failure.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.reason.kind()
    }

    /// The call brought no token, or a token that is not valid or not allowed for this method.
    #[must_use]
    pub fn token_refused() -> Self {
        Self::new(ErrorReason::TokenRefused)
    }

    /// The same, for the error of a token.
    #[must_use]
    pub(crate) fn token_refused_for(error: &TokenError) -> Self {
        let times = match error {
            TokenError::NotNow { issued_at, now } => Some((*issued_at, *now)),
            TokenError::Refused(_) => None,
        };
        Self { times, ..Self::token_refused() }
    }

    /// The thing does not exist, or the caller has no access to it. One answer for both hides which is true.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorReason::NotFound)
    }

    /// The session's assurance level is too low; the person can raise the level with a code.
    #[must_use]
    pub fn step_up_required() -> Self {
        Self::new(ErrorReason::StepUpRequired)
    }

    /// An impersonator calls a method that only the person may call.
    #[must_use]
    pub fn impersonation_refused() -> Self {
        Self::new(ErrorReason::ImpersonationRefused)
    }

    /// The page token was not made by this service, or was changed.
    #[must_use]
    pub fn page_token_malformed() -> Self {
        Self::new(ErrorReason::PageTokenMalformed)
    }

    /// Events after the asked position are no longer kept; the feed can go on after `position`.
    #[must_use]
    pub fn feed_position_gone(position: i64) -> Self {
        Self { position: Some(position), ..Self::new(ErrorReason::FeedPositionGone) }
    }

    /// The caller has too many streams open.
    #[must_use]
    pub fn too_many_streams() -> Self {
        Self::new(ErrorReason::TooManyStreams)
    }

    /// A part of the system cannot be reached. The cause goes to the log, not to the caller.
    #[must_use]
    pub fn unavailable(cause: &(dyn Error + 'static)) -> Self {
        tracing::warn!(cause = chain(cause), "a part of the system cannot be reached");
        Self::new(ErrorReason::Unavailable)
    }

    /// The system is at fault. The cause goes to the log once, with its own causes, and not to the caller.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "a call failed by a fault of the system");
        Self::new(ErrorReason::Internal)
    }
}

const fn grpc_code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::StepUp | Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Conflict => Code::Aborted,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Limited => Code::ResourceExhausted,
        Kind::Gone => Code::OutOfRange,
        Kind::Unavailable => Code::Unavailable,
        Kind::Unspecified | Kind::Internal => Code::Internal,
    }
}

/// An error and its causes, on one line for the log.
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
        let mut metadata = HashMap::new();
        if let Some(position) = failure.position {
            metadata.insert("position".to_owned(), position.to_string());
        }
        if let Some((issued_at, now)) = failure.times {
            metadata.insert(ISSUED_AT.to_owned(), issued_at.to_string());
            metadata.insert(TIME.to_owned(), now.to_string());
        }
        details.set_error_info(reason.name(), reason.domain(), metadata);
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
        Self::with_error_details(grpc_code(reason.kind()), reason.name(), details)
    }
}
