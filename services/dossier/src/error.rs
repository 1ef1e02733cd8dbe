//! Everything that dossier says no with.

use chassis::{
    Failure, Kind,
    failure::{Field, short},
};
use proto::dossier::v1::ErrorReason;
use store::StoreError;

const DOMAIN: &str = "zorgportaal.dossier.v1";

/// Why dossier said no.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that cannot be taken.
    #[error("invalid fields")]
    Fields(Vec<Field>),
    /// No such client for the caller.
    #[error("client unknown")]
    ClientUnknown,
    /// No such report for the caller.
    #[error("report unknown")]
    ReportUnknown,
    /// The last day lies before the first.
    #[error("period reversed")]
    PeriodReversed,
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Said by the chassis.
    #[error("refused")]
    Failure(Failure),
}

store::service_error!(Error);

impl Error {
    /// One field that cannot be taken, for a reason of dossier's own.
    #[must_use]
    pub fn field(name: &str, reason: ErrorReason) -> Self {
        Self::Fields(vec![Field { name: name.to_owned(), reason: short(reason.as_str_name()) }])
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, reason) = match error {
            Error::ClientUnknown => (Kind::NotFound, ErrorReason::ClientUnknown),
            Error::ReportUnknown => (Kind::NotFound, ErrorReason::ReportUnknown),
            Error::PeriodReversed => {
                let reason = short(ErrorReason::PeriodReversed.as_str_name());
                return Self::of_fields(DOMAIN, vec![Field { name: "until".to_owned(), reason }]);
            }
            Error::Fields(fields) => return Self::of_fields(DOMAIN, fields),
            Error::Failure(failure) => return failure,
            Error::Store(error) => return error.into(),
        };
        Self::new(kind, DOMAIN, reason.as_str_name())
    }
}
