//! What makes guessing slow and sending dear (THR-01, THR-02). Counts stand in the database and rise before anything is
//! judged: they are exact however many replicas there are.

pub mod table;

use chassis::secret::HashKey;
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

/// The wait after each failure in a row, in seconds; the last one goes on.
pub const WAITS: [f64; 5] = [1.0, 3.0, 5.0, 10.0, 30.0];
/// How many failures in a row a day may have.
pub const FAILURES: i32 = 100;
/// After how long counts begin anew.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Failures by user name, from browsers that nobody has logged in with.
    Stranger,
    /// Failures by user name, from browsers that somebody has logged in with: a stranger cannot lock the owner out.
    KnownDevice,
    /// Codes to a number or address.
    SentTo,
    /// Codes of an account.
    SentFor,
    /// Codes that a network address asked for.
    SentFrom,
    /// New passwords asked for by user name.
    ResetName,
    /// New passwords that a network address asked for.
    ResetFrom,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Stranger => 1,
            Self::KnownDevice => 2,
            Self::SentTo => 3,
            Self::SentFor => 4,
            Self::SentFrom => 5,
            Self::ResetName => 6,
            Self::ResetFrom => 7,
        }
    }

    /// Which kind of browser somebody has.
    #[must_use]
    pub const fn of_device(is_known: bool) -> Self {
        if is_known { Self::KnownDevice } else { Self::Stranger }
    }
}

/// How many of each a day has; an operator's settings.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Limits {
    /// Codes to one number or address, and for one account.
    pub codes_per_person: i32,
    /// Codes that one network address asks for: it may be that of a whole care home.
    pub codes_per_address: i32,
    /// New passwords for one user name.
    pub resets_per_person: i32,
    /// New passwords that one network address asks for.
    pub resets_per_address: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { codes_per_person: 20, codes_per_address: 500, resets_per_person: 10, resets_per_address: 200 }
    }
}

impl Limits {
    /// How many of a kind a day has.
    #[must_use]
    pub const fn of(self, kind: Kind) -> i32 {
        match kind {
            Kind::Stranger | Kind::KnownDevice => FAILURES,
            Kind::SentTo | Kind::SentFor => self.codes_per_person,
            Kind::SentFrom => self.codes_per_address,
            Kind::ResetName => self.resets_per_person,
            Kind::ResetFrom => self.resets_per_address,
        }
    }
}

/// A thing that is counted: kind, and a keyed hash of what it is counted by. Names and numbers are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub kind: Kind,
    /// By what.
    pub key: [u8; 32],
}

impl Count {
    /// Counts by a text.
    #[must_use]
    pub fn of(key: &HashKey, kind: Kind, by: &str) -> Self {
        Self { kind, key: key.hash("throttle", Uuid::nil(), by) }
    }
}
