//! The error type of identity. The contract gives each `ErrorReason` its kind of failure.

use std::time::Duration;

use chassis::{Failure, FieldFault};
use proto::identity::v1::ErrorReason;
use store::StoreError;

/// Why identity refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reason of the contract.
    #[error("refused: {}", .0.as_str_name())]
    Reason(ErrorReason),
    /// A reason of the contract, with how long to wait before the next try.
    #[error("refused for now: {}", .0.as_str_name())]
    Wait(ErrorReason, Duration),
    /// Invalid fields, each with its reason.
    #[error("invalid fields")]
    Fields(Vec<FieldFault<ErrorReason>>),
    /// A token could not be signed.
    #[error("cannot sign the token")]
    Token(#[from] chassis::token::TokenError),
    /// A failure of the database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A failure that the chassis made, such as a refused token.
    #[error("refused: {}", .0.reason.name())]
    Failure(Failure),
}

store::service_error!(Error, ErrorReason);

impl Error {
    /// An invalid settings file; `key` names the wrong setting.
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
