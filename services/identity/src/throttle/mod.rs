//! Slows down guessing and limits how much is sent (THR-01, THR-02). Counters are stored in the database and
//! raised before a try is judged, so that they are exact with any number of replicas.

pub mod table;

use chassis::keyed_hash::HashKeys;
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

/// Seconds to wait after each failure in a row; the last value repeats.
pub const WAITS: [f64; 5] = [1.0, 3.0, 5.0, 10.0, 30.0];
/// After so many failures within a day, no try is accepted until the day is over.
pub const MAX_FAILURES: i32 = 100;
/// How long a counter runs before it starts again.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Failures per user name, from browsers that have not logged in to this account before.
    UnknownDevice,
    /// Failures per user name, from browsers that have logged in to this account before. A separate counter,
    /// so that strangers cannot lock the owner out.
    KnownDevice,
    /// Codes sent to one telephone number or e-mail address.
    SentTo,
    /// Codes for one account, or messages of one invitation.
    SentFor,
    /// Codes requested from one network address.
    SentFrom,
    /// Password resets requested for one user name.
    ResetName,
    /// Password resets requested from one network address.
    ResetFrom,
}

impl Kind {
    /// The number in column `throttle.kind`.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::UnknownDevice => 1,
            Self::KnownDevice => 2,
            Self::SentTo => 3,
            Self::SentFor => 4,
            Self::SentFrom => 5,
            Self::ResetName => 6,
            Self::ResetFrom => 7,
        }
    }

    /// The kind that counts failures from a known or an unknown browser.
    #[must_use]
    pub const fn of_device(is_known: bool) -> Self {
        if is_known { Self::KnownDevice } else { Self::UnknownDevice }
    }
}

/// Limits per day, set by the operator.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Limits {
    /// Codes to one telephone number or e-mail address, and codes for one account.
    pub codes_per_person: i32,
    /// Codes requested from one network address, which can be that of a whole care home.
    pub codes_per_address: i32,
    /// Password resets requested for one user name, per day.
    pub resets_per_person: i32,
    /// Password resets requested from one network address, per day.
    pub resets_per_address: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { codes_per_person: 20, codes_per_address: 500, resets_per_person: 10, resets_per_address: 200 }
    }
}

impl Limits {
    /// The limit per day of a kind.
    #[must_use]
    pub const fn of(self, kind: Kind) -> i32 {
        match kind {
            Kind::UnknownDevice | Kind::KnownDevice => MAX_FAILURES,
            Kind::SentTo | Kind::SentFor => self.codes_per_person,
            Kind::SentFrom => self.codes_per_address,
            Kind::ResetName => self.resets_per_person,
            Kind::ResetFrom => self.resets_per_address,
        }
    }
}

/// A counter: its kind, and a keyed hash of the name, number or address, which itself is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub kind: Kind,
    /// The keyed hash of the name, number or address.
    pub key: Vec<u8>,
}

impl Count {
    /// The counter for a name, number or address.
    #[must_use]
    pub fn of(keys: &HashKeys, kind: Kind, by: &str) -> Self {
        Self { kind, key: keys.hash("throttle", Uuid::nil(), by.as_bytes()) }
    }
}
