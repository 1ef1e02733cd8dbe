//! A browser that logged in with a code: told from a stranger's when passwords are guessed, and where the organisation
//! says so it stands for the code for a time. A random token, kept hashed; listed and forgotten by its owner.

pub mod rpc;
pub mod table;

use jiff::Timestamp;
use proto::identity::v1::LoginSettings;
use uuid::Uuid;

/// How long a browser is known where it is not remembered, in days.
const KNOWN: i32 = 90;

/// What stands between the tokens of one browser: several people may log in there.
const BETWEEN: char = '~';
/// How many tokens of a browser are looked at.
const MOST: usize = 5;

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its id; no secret.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// No code is asked there.
    pub remembered: bool,
    /// Since when.
    pub added_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// How long a device is known, in days.
#[must_use]
pub const fn life_days(settings: LoginSettings) -> i32 {
    if settings.device_life_days > 0 { settings.device_life_days } else { KNOWN }
}
