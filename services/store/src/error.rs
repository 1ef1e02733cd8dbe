//! The errors of the store, and which of them are transient.

use std::error::Error as _;

use chassis::{Failure, seal::SealError};

/// Postgres failed, or the data in it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres refused a statement or cannot be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A message for another service could not be sealed.
    #[error("a message cannot be sealed")]
    Seal(#[from] SealError),
    /// Stored bytes are not the message that was stored.
    #[error("stored bytes cannot be decoded")]
    Decode(#[from] prost::DecodeError),
    /// The audit trail accepts no records now.
    #[error("the audit trail cannot be written")]
    Audit,
}

impl StoreError {
    /// Whether a later attempt may succeed: the database cannot be reached, is full, shuts down or took too long.
    #[must_use]
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                ["08", "53", "57014", "57P", "55P03", "25006", "40"]
                    .iter()
                    .any(|class| code.starts_with(class))
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

impl StoreError {
    /// Whether a statement took longer than it may. The cause may be a slow database, which passes, or the statement
    /// itself, which does not: callers bound their attempts.
    pub(crate) fn took_too_long(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57014"))
    }
}

/// Whether the error means that the connection is dead: closed by the server, or cut.
pub(crate) fn has_died(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// Writes the conversions of a service's `Error`. The enum needs the variants `Reason`, `Fields`, `Store` and
/// `Failure`; the service itself writes the conversion into a [`Failure`].
#[macro_export]
macro_rules! service_error {
    ($error:ident, $reason:ty) => {
        impl $error {
            /// One field of the request has a wrong value.
            #[must_use]
            pub fn field(name: &str, reason: $reason) -> Self {
                Self::Fields(vec![::chassis::FieldFault { name: name.to_owned(), reason }])
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
        if error.is_transient() {
            Self::unavailable(error.source().unwrap_or(&error))
        } else {
            Self::internal(&error)
        }
    }
}
