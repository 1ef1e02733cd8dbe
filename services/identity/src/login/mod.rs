//! A login: one attempt to log in, as a state machine that starts after the right password.
//!
//! password → (code | device code | remembered device) → (own password) → (terms) → (invitation) → session.
//! The organisation's settings decide which steps there are. A login lives 30 minutes. Every step replaces
//! the login token, so that a step can be taken only once.

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

/// How often the current password may be tried in state OwnPassword.
pub const TRIES: i32 = 5;
/// How long a login may take, from password to session.
pub const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// The state of a login: the step that the login waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The person must ask for the code.
    SendCode,
    /// The person must type the code that was sent.
    Code,
    /// The person must type the code that was sent because the device is new.
    DeviceCode,
    /// The person must choose an own password.
    OwnPassword,
    /// The person must accept the terms.
    Terms,
    /// The person must accept or decline the pending invitations.
    Invitation,
    /// The login is over, with or without a session.
    Ended,
}

impl State {
    /// The number in column `login.state`.
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

    /// The state of a number in column `login.state`.
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

    /// The step in the contract.
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

/// A login that has not yet become a session.
#[derive(Clone, Debug)]
pub struct Login {
    /// The id.
    pub id: Uuid,
    /// The account that logs in.
    pub account: AccountId,
    /// The current state.
    pub state: State,
    /// The login started with a sent (welcome or temporary) password.
    pub one_time: bool,
    /// The browser had logged in before.
    pub known_device: bool,
    /// The authentication methods proven so far (RFC 8176).
    pub amr: Vec<String>,
    /// The name of the browser.
    pub device_name: String,
    /// When the login expires.
    pub expires_at: Timestamp,
}

impl Login {
    /// How reliably the proven methods identify the person.
    #[must_use]
    pub fn level(&self) -> Level {
        factor::level_of(&self.amr)
    }

    /// Whether the person typed a right code in this login.
    #[must_use]
    pub fn had_code(&self) -> bool {
        self.amr.iter().any(|it| it == "otp")
    }
}

/// Decides whether the right password is enough, because the device is remembered, or a code follows. A sent
/// password always needs a code (REC-03).
///
/// # Errors
/// The state in which the login waits for the code.
pub fn after_password(settings: LoginSettings, is_remembered: bool, one_time: bool) -> Result<Factor, State> {
    let factor = factor::from_setting(settings.second_factor());
    if factor.remembers_device && is_remembered && !one_time {
        Ok(factor::REMEMBERED_DEVICE)
    } else if settings.ask_code {
        Err(State::SendCode)
    } else if factor.remembers_device {
        Err(State::DeviceCode)
    } else {
        Err(State::Code)
    }
}

/// The steps that a login still needs before it becomes a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Choosing an own password, with the reason.
    pub own_password: Option<OwnPasswordCause>,
    /// Accepting the terms.
    pub terms: bool,
    /// Answering pending invitations.
    pub invitation: bool,
}

impl Needs {
    /// The state of the first needed step; `Ended` if no step is needed and the session can open.
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
        fn only_remembered_device_and_own_password_skip_the_code(
            settings in settings(), is_remembered: bool, one_time: bool,
        ) {
            let asks_none = settings.second_factor() == SecondFactor::SmsNewDevice && is_remembered && !one_time;
            match after_password(settings, is_remembered, one_time) {
                Ok(factor) => prop_assert!(asks_none && factor == factor::REMEMBERED_DEVICE),
                Err(state) => {
                    prop_assert!(!asks_none);
                    prop_assert!(matches!(state, State::SendCode | State::Code | State::DeviceCode));
                }
            }
        }

        #[test]
        fn no_session_while_a_step_is_needed(cause: bool, terms: bool, invitation: bool) {
            let own_password = cause.then_some(OwnPasswordCause::First);
            let needs = Needs { own_password, terms, invitation };
            prop_assert_eq!(needs.first() == State::Ended, needs == Needs::default());
        }

        #[test]
        fn stored_number_gives_the_same_state(number in 1_i32..=7) {
            prop_assert_eq!(State::of_number(number).number(), number);
        }
    }
}
