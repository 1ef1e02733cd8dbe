//! The second factors: what each setting of an organisation means stands in this one table. The login's state machine
//! knows factors by this table alone.

use proto::{access::v1::Level, identity::v1::SecondFactor};

/// How a code travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
}

/// What a second factor means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// How its codes travel.
    pub medium: Medium,
    /// A remembered device stands for a code.
    pub remembers: bool,
    /// What a right code proves (RFC 8176).
    pub amr: &'static [&'static str],
    /// How surely we know then who is there (architecture §7, OTP-03).
    pub level: Level,
}

/// What a remembered device proves beside the password: less than a code does.
pub const REMEMBERED: Factor =
    Factor { medium: Medium::Sms, remembers: true, amr: &["pwd", "swk"], level: Level::Low };

/// The meaning of a setting.
#[must_use]
pub const fn of(setting: SecondFactor) -> Factor {
    match setting {
        SecondFactor::Unspecified | SecondFactor::EmailEach => Factor {
            medium: Medium::Email,
            remembers: false,
            amr: &["pwd", "otp", "email"],
            level: Level::Low,
        },
        SecondFactor::SmsEach => SMS,
        SecondFactor::SmsNewDevice => Factor { remembers: true, ..SMS },
    }
}

/// How surely we know who is there by what was proven: as the table says; what stands in no row proves little.
#[must_use]
pub fn level_of(amr: &[String]) -> Level {
    let rows = [SecondFactor::EmailEach, SecondFactor::SmsEach, SecondFactor::SmsNewDevice].map(of);
    rows.iter().find(|factor| factor.amr == amr).map_or(Level::Low, |factor| factor.level)
}

/// A code by SMS.
pub const SMS: Factor =
    Factor { medium: Medium::Sms, remembers: false, amr: &["pwd", "otp", "sms"], level: Level::Substantial };
