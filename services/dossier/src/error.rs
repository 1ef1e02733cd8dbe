//! The errors of dossier. The contract gives each reason its kind of failure.

use chassis::{Failure, FieldFault};
use proto::dossier::v1::ErrorReason;
use store::StoreError;

/// Why a call of dossier fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reason of the contract, without a field.
    #[error("refused: {}", .0.as_str_name())]
    Reason(ErrorReason),
    /// Fields that are missing or malformed.
    #[error("invalid fields")]
    Fields(Vec<FieldFault<ErrorReason>>),
    /// The database, sealing or the audit trail failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A failure that the chassis has classified already.
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
