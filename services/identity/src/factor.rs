//! The second factors: one table says what each setting of an organisation means, so that the login's state
//! machine need not know the settings.

use proto::{access::v1::Level, identity::v1::SecondFactor};

/// How a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
}

/// The properties of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// How codes are sent.
    pub medium: Medium,
    /// Whether a remembered device replaces the code.
    pub remembers_device: bool,
    /// The authentication methods that password and code prove together (RFC 8176).
    pub amr: &'static [&'static str],
    /// The level of assurance that a login with this factor gives (architecture §7, OTP-03).
    pub level: Level,
}

/// The factor of a login with password and remembered device, without a code: its level is lower than with a
/// code by SMS.
pub const REMEMBERED_DEVICE: Factor =
    Factor { medium: Medium::Sms, remembers_device: true, amr: &["pwd", "swk"], level: Level::Low };

/// The second factor that a setting stands for.
#[must_use]
pub const fn from_setting(setting: SecondFactor) -> Factor {
    match setting {
        SecondFactor::Unspecified | SecondFactor::EmailEach => Factor {
            medium: Medium::Email,
            remembers_device: false,
            amr: &["pwd", "otp", "email"],
            level: Level::Low,
        },
        SecondFactor::SmsEach => SMS,
        SecondFactor::SmsNewDevice => Factor { remembers_device: true, ..SMS },
    }
}

/// The level of assurance that the proven methods give; methods that are in no row of the table give the
/// lowest level.
#[must_use]
pub fn level_of(amr: &[String]) -> Level {
    let rows = [SecondFactor::EmailEach, SecondFactor::SmsEach, SecondFactor::SmsNewDevice].map(from_setting);
    rows.iter().find(|factor| factor.amr == amr).map_or(Level::Low, |factor| factor.level)
}

/// The factor of a login with password and a code by SMS.
pub const SMS: Factor = Factor {
    medium: Medium::Sms,
    remembers_device: false,
    amr: &["pwd", "otp", "sms"],
    level: Level::Substantial,
};
