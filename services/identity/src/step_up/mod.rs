//! Proving more surely who is there, in a session: one at a time, for one purpose.
//!
//! asked → (code) → proven. What is proven is a higher level of the session, or a signed proof that names purpose, subject,
//! account and session.

pub mod rpc;
mod store;

use proto::identity::v1::StepUpPurpose as Purpose;
use uuid::Uuid;

use crate::factor::{Channel, Factor, SMS};

/// A step-up that waits for its code.
#[derive(Clone, Debug)]
pub struct StepUp {
    /// Its id.
    pub id: Uuid,
    /// What for.
    pub purpose: Purpose,
    /// About what, as the contract writes it.
    pub subject: Vec<u8>,
}

/// How the code travels: by SMS where more than an e-mail proves is needed, else as at the login (OTP-03).
#[must_use]
pub const fn channel(purpose: Purpose, login: Factor) -> Channel {
    match purpose {
        Purpose::Contact => login.channel,
        _ => SMS.channel,
    }
}

/// Whether one that waits is the one that is asked for: then its count of codes and tries goes on.
#[must_use]
pub fn is_same(there: &StepUp, purpose: Purpose, subject: &[u8]) -> bool {
    there.purpose == purpose && there.subject == subject
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        code::{TRIES, Verdict},
        factor,
    };
    use proto::identity::v1::SecondFactor;

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Ask(u8),
        Try(bool),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![(0_u8..2).prop_map(Act::Ask), any::<bool>().prop_map(Act::Try)]
    }

    proptest! {
        /// The model: a step-up is proven when the right code was typed within five tries since it was asked for something
        /// else; asking for the same again does not give new tries.
        #[test]
        fn a_step_up_is_proven_by_its_own_code_within_its_tries(acts in prop::collection::vec(act(), 0..24)) {
            let mut there: Option<(StepUp, i32)> = None;
            let (mut asked, mut wrong) = (None, 0);
            for act in acts {
                match act {
                    Act::Ask(subject) => {
                        let same = there.as_ref().is_some_and(|(it, _)| is_same(it, Purpose::Sign, &[subject]));
                        if !same {
                            let new = StepUp { id: Uuid::nil(), purpose: Purpose::Sign, subject: vec![subject] };
                            there = Some((new, 0));
                        }
                        if asked != Some(subject) {
                            (asked, wrong) = (Some(subject), 0);
                        }
                    }
                    Act::Try(right) => {
                        let verdict = if right { Verdict::Right } else { Verdict::Wrong };
                        let counted = there.as_mut().filter(|(_, tries)| *tries < TRIES);
                        let is_proven = counted.is_some() && verdict == Verdict::Right;
                        if let Some((_, tries)) = counted {
                            *tries += 1;
                        }
                        prop_assert_eq!(is_proven, right && asked.is_some() && wrong < TRIES);
                        wrong += i32::from(asked.is_some());
                        if is_proven {
                            (there, asked) = (None, None);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn signing_and_higher_levels_always_ask_by_sms() {
        let email = factor::of(SecondFactor::EmailEach);
        assert_eq!(channel(Purpose::Contact, email), Channel::Email);
        assert_eq!(channel(Purpose::Sign, email), Channel::Sms);
        assert_eq!(channel(Purpose::Level, email), Channel::Sms);
    }
}
