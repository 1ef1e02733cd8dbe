//! Ids: UUIDv7 newtypes, so that the compiler refuses an account's id where a client's id is needed.
//! An id is never a secret. Secret values are made in [`crate::secret`].

use jiff::Timestamp;
use uuid::Uuid;

/// Defines an id newtype with its conversions.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// A new id. The given time is part of the id, so ids sort by time.
            #[must_use]
            pub fn new(now: ::jiff::Timestamp) -> Self {
                Self($crate::id::v7(now))
            }

            /// The id as a plain UUID.
            #[must_use]
            pub const fn uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ::uuid::Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// The tenant: one care organisation.
    OrganisationId
);
id!(
    /// A person who receives care.
    ClientId
);
id!(
    /// A person who logs in.
    AccountId
);
id!(
    /// The session that a login opens.
    SessionId
);
id!(
    /// A system of an organisation that calls this portal, such as the ECD (electronic client record).
    SystemId
);
id!(
    /// One event on the bus.
    EventId
);

impl EventId {
    /// The time that is part of the id, in whole milliseconds; 1970 where the id is no UUIDv7.
    #[must_use]
    pub fn time(self) -> Timestamp {
        let unix = self.0.get_timestamp().map(|time| time.to_unix());
        let time = unix.and_then(|(seconds, nanos)| {
            Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
        });
        time.unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The lowest UUIDv7 of a time: each id that was made earlier is lower.
#[must_use]
pub fn v7_floor(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// A UUIDv7 with the given time and fresh random bits.
#[must_use]
pub fn v7(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
