//! Everything that identity says no with.

use std::time::Duration;

use chassis::{
    Failure, Kind,
    failure::{Field, short},
};
use proto::identity::v1::ErrorReason;
use store::StoreError;

const DOMAIN: &str = "zorgportaal.identity.v1";

/// Why identity said no.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// For a reason of the contract, whose kind stands in one table.
    #[error("refused: {}", .0.as_str_name())]
    Reason(ErrorReason),
    /// The same, with when to try again.
    #[error("not yet: {}", .0.as_str_name())]
    Wait(ErrorReason, Duration),
    /// Fields that cannot be taken.
    #[error("invalid fields")]
    Fields(Vec<Field>),
    /// Settings that do not hold; names the key.
    #[error("settings invalid: {0}")]
    SettingsInvalid(String),
    /// A token could not be signed.
    #[error("token")]
    Token(#[from] chassis::token::Refused),
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Said by the chassis.
    #[error("refused")]
    Failure(Failure),
}

store::service_error!(Error);

impl Error {
    /// One field that cannot be taken, for a reason of identity's own.
    #[must_use]
    pub fn field(name: &str, reason: ErrorReason) -> Self {
        Self::Fields(vec![Field { name: name.to_owned(), reason: short(reason.as_str_name()) }])
    }
}

impl Error {
    /// What due work fails with: nobody but the store says no to it.
    #[must_use]
    pub fn into_store(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            other => StoreError::from(sqlx::Error::Protocol(other.to_string())),
        }
    }
}

impl From<ErrorReason> for Error {
    fn from(reason: ErrorReason) -> Self {
        Self::Reason(reason)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Reason(reason) => Self::new(kind(reason), DOMAIN, reason.as_str_name()),
            Error::Wait(reason, wait) => {
                Self { retry_after: Some(wait), ..Self::new(kind(reason), DOMAIN, reason.as_str_name()) }
            }
            Error::SettingsInvalid(key) => {
                let reason = short(ErrorReason::SettingsInvalid.as_str_name());
                Self::of_fields(DOMAIN, vec![Field { name: key, reason }])
            }
            Error::Fields(fields) => Self::of_fields(DOMAIN, fields),
            Error::Failure(failure) => failure,
            Error::Store(error) => error.into(),
            Error::Token(error) => Self::internal(&error),
        }
    }
}

/// What kind of failure a reason is. Reasons of fields are [`Kind::Invalid`].
const fn kind(reason: ErrorReason) -> Kind {
    match reason {
        ErrorReason::LoginEnded | ErrorReason::SessionEnded | ErrorReason::CredentialRefused => {
            Kind::Unauthenticated
        }
        ErrorReason::TooManyCodes | ErrorReason::CodeTooSoon | ErrorReason::TooManyInvitations => {
            Kind::Limited
        }
        ErrorReason::UsernameTaken | ErrorReason::IdTaken | ErrorReason::TermsChanged => Kind::Conflict,
        ErrorReason::OrganisationUnknown
        | ErrorReason::AccountUnknown
        | ErrorReason::ClientUnknown
        | ErrorReason::StepUpEnded
        | ErrorReason::LinkExpired => Kind::NotFound,
        ErrorReason::Busy => Kind::Unavailable,
        ErrorReason::AccountLimit
        | ErrorReason::InvitationClosed
        | ErrorReason::PhoneMissing
        | ErrorReason::WelcomeOver => Kind::Precondition,
        ErrorReason::InvitingOff | ErrorReason::SelfEditOff => Kind::Forbidden,
        _ => Kind::Invalid,
    }
}
