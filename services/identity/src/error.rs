//! Why identity refuses a call. The contract says of each reason what kind of failure it is.

use std::time::Duration;

use chassis::{Failure, Field};
use proto::identity::v1::ErrorReason;
use store::StoreError;

/// Why identity refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reason of the contract.
    #[error("refused: {}", .0.as_str_name())]
    Reason(ErrorReason),
    /// A reason of the contract, with when to try again.
    #[error("not yet: {}", .0.as_str_name())]
    Wait(ErrorReason, Duration),
    /// Fields that cannot be taken.
    #[error("invalid fields")]
    Fields(Vec<Field<ErrorReason>>),
    /// A token could not be signed.
    #[error("token")]
    Token(#[from] chassis::token::Refused),
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A failure that the chassis made.
    #[error("refused: {}", .0.reason.name())]
    Failure(Failure),
}

store::service_error!(Error, ErrorReason);

impl Error {
    /// A settings file that does not hold; `key` names the setting.
    #[must_use]
    pub fn setting(key: &str) -> Self {
        Self::field(key, ErrorReason::SettingsInvalid)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Reason(reason) => Self::new(reason),
            Error::Wait(reason, wait) => Self { retry_after: Some(wait), ..Self::new(reason) },
            Error::Fields(fields) => Self::of_fields(fields),
            Error::Failure(failure) => failure,
            Error::Store(error) => error.into(),
            Error::Token(error) => Self::internal(&error),
        }
    }
}
