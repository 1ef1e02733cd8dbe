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

/// How the code travels: by SMS where more than an e-mail proves is needed, else as at the login (OTP-03). Whoever reads
/// somebody's mail must not come to their number by it: who has a number proves with that.
#[must_use]
pub const fn channel(purpose: Purpose, login: Factor, has_phone: bool) -> Channel {
    match purpose {
        Purpose::Contact if !has_phone => login.channel,
        _ => SMS.channel,
    }
}

/// What is asked for now, under the id of what was asked for before, where that waits: the counts of codes and tries go
/// on, whatever it is for.
#[must_use]
pub fn ask(there: Option<StepUp>, new: StepUp) -> StepUp {
    StepUp { id: there.map_or(new.id, |there| there.id), ..new }
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
        /// The model: a step-up is proven when the right code was typed within five tries since the last that was proven;
        /// asking again, for the same or for something else, does not give new tries.
        #[test]
        fn a_step_up_is_proven_by_its_own_code_within_its_tries(acts in prop::collection::vec(act(), 0..24)) {
            let mut there: Option<(StepUp, i32)> = None;
            let (mut asked, mut wrong, mut number) = (None, 0, 0_u128);
            for act in acts {
                match act {
                    Act::Ask(subject) => {
                        number += 1;
                        let id = Uuid::from_u128(number);
                        let new = StepUp { id, purpose: Purpose::Sign, subject: vec![subject] };
                        let (before, tries) = there.take().unzip();
                        let kept = before.as_ref().map(|it: &StepUp| it.id);
                        let next = ask(before, new);
                        // The count hangs on the id.
                        let tries = tries.filter(|_| kept == Some(next.id)).unwrap_or(0);
                        prop_assert_eq!(&next.subject, &vec![subject]);
                        there = Some((next, tries));
                        if asked.is_none() {
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
        assert_eq!(channel(Purpose::Sign, email, false), Channel::Sms);
        assert_eq!(channel(Purpose::Level, email, false), Channel::Sms);
        assert_eq!(channel(Purpose::Contact, email, true), Channel::Sms);
        assert_eq!(channel(Purpose::Contact, email, false), Channel::Email);
    }
}
