//! Why dossier refuses a call. The contract says of each reason what kind of failure it is.

use chassis::{Failure, Field};
use proto::dossier::v1::ErrorReason;
use store::StoreError;

/// Why dossier refuses a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reason of the contract.
    #[error("refused: {}", .0.as_str_name())]
    Reason(ErrorReason),
    /// Fields that cannot be taken.
    #[error("invalid fields")]
    Fields(Vec<Field<ErrorReason>>),
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A failure that the chassis made.
    #[error("refused: {}", .0.reason.name())]
    Failure(Failure),
}

store::service_error!(Error, ErrorReason);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Reason(reason) => Self::new(reason),
            Error::Fields(fields) => Self::of_fields(fields),
            Error::Failure(failure) => failure,
            Error::Store(error) => error.into(),
        }
    }
}
