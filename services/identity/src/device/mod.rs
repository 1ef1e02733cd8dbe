//! A browser that logged in with a code. Failed logins from a known browser are counted apart from those of
//! strangers. If the organisation remembers devices, a login there needs no code for some days. The browser
//! keeps a random token, of which only the hash is stored; its owner can list and forget devices.

pub mod rpc;
pub mod table;

use jiff::Timestamp;
use proto::identity::v1::LoginSettings;
use uuid::Uuid;

/// For how many days a browser is known when the organisation sets no number.
const KNOWN_DAYS: i32 = 90;

/// Separates the tokens that one browser sends: several people may log in there.
const TOKEN_SEPARATOR: char = '~';
/// How many tokens of one browser are read; the rest is ignored.
const MAX_TOKENS: usize = 5;

/// A known browser.
#[derive(Clone, Debug)]
pub struct Device {
    /// The device's id, which is no secret.
    pub id: Uuid,
    /// The name to show in the list of devices.
    pub name: String,
    /// Whether a login on this device needs no code.
    pub remembered: bool,
    /// When the device was added.
    pub added_at: Timestamp,
    /// The device is known until this time.
    pub expires_at: Timestamp,
}

/// For how many days a new device is known.
#[must_use]
pub const fn life_days(settings: LoginSettings) -> i32 {
    if settings.device_life_days > 0 { settings.device_life_days } else { KNOWN_DAYS }
}
