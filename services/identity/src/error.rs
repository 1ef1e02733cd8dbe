//! Everything that identity says no with.

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
    /// Organisation, name, password or code is wrong, or the account cannot be used: one answer for all.
    #[error("login refused")]
    LoginRefused,
    /// A code that is used, replaced or too old.
    #[error("code expired")]
    CodeExpired,
    /// An attempt that is over.
    #[error("login ended")]
    LoginEnded,
    /// Too many codes were asked for in this login.
    #[error("too many codes")]
    TooManyCodes,
    /// Fields that cannot be taken.
    #[error("invalid fields")]
    Fields(Vec<Field>),
    /// The session has ended.
    #[error("session ended")]
    SessionEnded,
    /// The user name is in use.
    #[error("username taken")]
    UsernameTaken,
    /// The id was used for something else.
    #[error("id taken")]
    IdTaken,
    /// A system's credential is not right.
    #[error("credential refused")]
    CredentialRefused,
    /// No such organisation.
    #[error("organisation unknown")]
    OrganisationUnknown,
    /// Settings that do not hold; names the key.
    #[error("settings invalid: {0}")]
    SettingsInvalid(String),
    /// All hashing threads are busy and enough wait.
    #[error("busy")]
    Busy,
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

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, reason) = match error {
            Error::LoginRefused => (Kind::Invalid, ErrorReason::LoginRefused),
            Error::CodeExpired => (Kind::Invalid, ErrorReason::CodeExpired),
            Error::LoginEnded => (Kind::Unauthenticated, ErrorReason::LoginEnded),
            Error::TooManyCodes => (Kind::Limited, ErrorReason::TooManyCodes),
            Error::SessionEnded => (Kind::Unauthenticated, ErrorReason::SessionEnded),
            Error::UsernameTaken => (Kind::Conflict, ErrorReason::UsernameTaken),
            Error::IdTaken => (Kind::Conflict, ErrorReason::IdTaken),
            Error::CredentialRefused => (Kind::Unauthenticated, ErrorReason::CredentialRefused),
            Error::OrganisationUnknown => (Kind::NotFound, ErrorReason::OrganisationUnknown),
            Error::Busy => (Kind::Unavailable, ErrorReason::Busy),
            Error::SettingsInvalid(key) => {
                let reason = short(ErrorReason::SettingsInvalid.as_str_name());
                return Self::of_fields(DOMAIN, vec![Field { name: key, reason }]);
            }
            Error::Fields(fields) => return Self::of_fields(DOMAIN, fields),
            Error::Failure(failure) => return failure,
            Error::Store(error) => return error.into(),
            Error::Token(error) => return Self::internal(&error),
        };
        Self::new(kind, DOMAIN, reason.as_str_name())
    }
}
