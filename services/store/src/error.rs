//! What can go wrong between a service and its stores, and which of it passes by itself.

use std::error::Error as _;

use chassis::{Failure, seal::SealError};

/// A fault of Postgres, or of what is kept in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres, or the way to it.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A message for another service could not be sealed.
    #[error("seal")]
    Seal(#[from] SealError),
    /// Stored bytes are not what was stored.
    #[error("stored bytes cannot be decoded")]
    Decode(#[from] prost::DecodeError),
    /// The audit trail takes no records now.
    #[error("the audit trail cannot be written")]
    Audit,
}

impl StoreError {
    /// Whether trying again later may help: the database is away, full or going down.
    #[must_use]
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                ["08", "53", "57P", "25006", "40"].iter().any(|class| code.starts_with(class))
            }),
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::BeginFailed
            ),
            Self::Audit => true,
            Self::Seal(_) | Self::Decode(_) => false,
        }
    }
}

/// What every service's `Error` is made from and turns into. The enum has the variants `Reason`, `Fields`, `Store` and
/// `Failure`, and turns into a [`Failure`] by an `impl` of the service's own.
#[macro_export]
macro_rules! service_error {
    ($error:ident, $reason:ty) => {
        impl $error {
            /// One field that cannot be taken.
            #[must_use]
            pub fn field(name: &str, reason: $reason) -> Self {
                Self::Fields(vec![::chassis::Field { name: name.to_owned(), reason }])
            }
        }

        impl From<$reason> for $error {
            fn from(reason: $reason) -> Self {
                Self::Reason(reason)
            }
        }

        impl From<::sqlx::Error> for $error {
            fn from(error: ::sqlx::Error) -> Self {
                Self::Store(error.into())
            }
        }

        impl From<::chassis::Failure> for $error {
            fn from(failure: ::chassis::Failure) -> Self {
                Self::Failure(failure)
            }
        }

        impl From<$error> for ::tonic::Status {
            fn from(error: $error) -> Self {
                ::chassis::Failure::from(error).into()
            }
        }

        impl From<$error> for ::store::due::DueError {
            fn from(error: $error) -> Self {
                if let $error::Store(error) = error {
                    return Self::Store(error);
                }
                Self::Refused(Box::new(error))
            }
        }
    };
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            Self::unavailable(error.source().unwrap_or(&error))
        } else {
            Self::internal(&error)
        }
    }
}
