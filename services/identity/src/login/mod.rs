//! One attempt to log in: a state machine that is entered by the right password alone.
//!
//! password → (code | device code | remembered device) → (own password) → (terms) → (invitation) → session. Which steps,
//! in which form, is the organisation's setting. An attempt lives 30 minutes, and answers to another token after every
//! step, so that a step is taken once.

pub mod attempt;
pub mod code;
pub mod progress;
pub mod rpc;
pub mod steps;
pub mod table;

use chassis::id::AccountId;
use jiff::{SignedDuration, Timestamp};
use proto::{
    access::v1::Level,
    identity::v1::{LoginSettings, LoginStep, OwnPasswordCause},
};
use uuid::Uuid;

use crate::factor::{self, Factor};

/// How many tries an attempt has at the password that it began with, when an own one is chosen.
pub const TRIES: i32 = 5;
/// How long an attempt lives.
pub const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A code has to be asked for.
    SendCode,
    /// A code was sent.
    Code,
    /// A code was sent because the device is new.
    DeviceCode,
    /// An own password must be chosen.
    OwnPassword,
    /// The terms must be accepted.
    Terms,
    /// What the person was invited to must be accepted.
    Invitation,
    /// It led to a session, or to nothing.
    Ended,
}

impl State {
    /// As it is stored.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Code => 1,
            Self::OwnPassword => 2,
            Self::Ended => 3,
            Self::SendCode => 4,
            Self::DeviceCode => 5,
            Self::Terms => 6,
            Self::Invitation => 7,
        }
    }

    /// From how it is stored.
    #[must_use]
    pub const fn of_number(number: i32) -> Self {
        match number {
            1 => Self::Code,
            2 => Self::OwnPassword,
            4 => Self::SendCode,
            5 => Self::DeviceCode,
            6 => Self::Terms,
            7 => Self::Invitation,
            _ => Self::Ended,
        }
    }

    /// As the contract names it.
    #[must_use]
    pub const fn step(self) -> LoginStep {
        match self {
            Self::SendCode => LoginStep::SendCode,
            Self::Code => LoginStep::Code,
            Self::DeviceCode => LoginStep::DeviceCode,
            Self::OwnPassword => LoginStep::OwnPassword,
            Self::Terms => LoginStep::Terms,
            Self::Invitation => LoginStep::Invitation,
            Self::Ended => LoginStep::Done,
        }
    }
}

/// An attempt.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its id.
    pub id: Uuid,
    /// Who tries.
    pub account: AccountId,
    /// Where it stands.
    pub state: State,
    /// It began with a password that was sent.
    pub one_time: bool,
    /// It came from a browser that had logged in before.
    pub known_device: bool,
    /// What was proven so far (RFC 8176).
    pub amr: Vec<String>,
    /// What the browser is called.
    pub device_name: String,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl Login {
    /// How surely we know who is there.
    #[must_use]
    pub fn level(&self) -> Level {
        factor::level_of(&self.amr)
    }

    /// Whether a code was given in this attempt.
    #[must_use]
    pub fn had_code(&self) -> bool {
        self.amr.iter().any(|it| it == "otp")
    }
}

/// Where the right password leads: to a code, or past it on a remembered device. A password that was sent never does
/// without a code (REC-03).
///
/// # Errors
/// The state in which the attempt waits for a code.
pub fn after_password(settings: LoginSettings, is_remembered: bool, one_time: bool) -> Result<Factor, State> {
    let factor = factor::of(settings.second_factor());
    if factor.remembers && is_remembered && !one_time {
        Ok(factor::REMEMBERED)
    } else if settings.ask_code {
        Err(State::SendCode)
    } else if factor.remembers {
        Err(State::DeviceCode)
    } else {
        Err(State::Code)
    }
}

/// What still stands between a person who is known and a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// An own password, and why.
    pub own_password: Option<OwnPasswordCause>,
    /// Terms that were not accepted.
    pub terms: bool,
    /// Invitations that wait.
    pub invitation: bool,
}

impl Needs {
    /// The first of them; without any, the attempt ends in a session.
    #[must_use]
    pub const fn first(self) -> State {
        match self {
            Self { own_password: Some(_), .. } => State::OwnPassword,
            Self { terms: true, .. } => State::Terms,
            Self { invitation: true, .. } => State::Invitation,
            _ => State::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proto::identity::v1::SecondFactor;

    use super::*;

    fn settings() -> impl Strategy<Value = LoginSettings> {
        (1_i32..=3, any::<bool>()).prop_map(|(factor, ask_code)| LoginSettings {
            second_factor: factor,
            ask_code,
            ..LoginSettings::default()
        })
    }

    proptest! {
        #[test]
        fn only_a_remembered_device_does_without_a_code_and_never_after_a_password_that_was_sent(
            settings in settings(), is_remembered: bool, one_time: bool,
        ) {
            let asks_none = settings.second_factor() == SecondFactor::SmsNewDevice && is_remembered && !one_time;
            match after_password(settings, is_remembered, one_time) {
                Ok(factor) => prop_assert!(asks_none && factor == factor::REMEMBERED),
                Err(state) => {
                    prop_assert!(!asks_none);
                    prop_assert!(matches!(state, State::SendCode | State::Code | State::DeviceCode));
                }
            }
        }

        #[test]
        fn no_session_before_all_that_is_needed(cause: bool, terms: bool, invitation: bool) {
            let own_password = cause.then_some(OwnPasswordCause::First);
            let needs = Needs { own_password, terms, invitation };
            prop_assert_eq!(needs.first() == State::Ended, needs == Needs::default());
        }

        #[test]
        fn a_state_comes_back_as_it_was_stored(number in 1_i32..=7) {
            prop_assert_eq!(State::of_number(number).number(), number);
        }
    }
}
