//! A forgotten password: a temporary one, or a link, by the organisation's setting (T25–T35, H9, V12–V17).
//!
//! asked → sent → used, replaced by a newer one, or too old. Who asks hears the same whoever it is: the request is kept, and
//! what is sent is decided afterwards.

mod due;
pub mod rpc;
pub mod store;

use jiff::Timestamp;

pub use due::SendResets;

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its hash.
    pub hash: Vec<u8>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Whether this is what was sent last, in time.
#[must_use]
pub fn is_good(sent: Option<&Sent>, typed: &[u8], now: Timestamp) -> bool {
    sent.is_some_and(|sent| chassis::secret::same(typed, &sent.hash) && now < sent.expires_at)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Act {
        /// Somebody asks: a new one is sent.
        Ask,
        /// The one that was sent as this number is used.
        Use(u8),
        /// The password is changed in another way.
        Change,
        /// Minutes pass.
        Wait(u16),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            Just(Act::Ask),
            (0_u8..4).prop_map(Act::Use),
            Just(Act::Change),
            (0_u16..300).prop_map(Act::Wait),
        ]
    }

    proptest! {
        /// The model: of all that was sent, only the newest is good, for four hours, once, and until the password changes.
        #[test]
        fn only_the_newest_is_good_in_time_and_once(acts in prop::collection::vec(act(), 0..24)) {
            let life = SignedDuration::from_hours(4);
            let mut now = Timestamp::from_second(1_800_000_000).unwrap();
            let (mut sent, mut number): (Option<Sent>, u8) = (None, 0);
            let (mut newest, mut age) = (None, 0_u32);
            for act in acts {
                match act {
                    Act::Ask => {
                        sent = Some(Sent { hash: vec![number], expires_at: now + life });
                        (newest, age) = (Some(number), 0);
                        number += 1;
                    }
                    Act::Use(which) => {
                        let good = is_good(sent.as_ref(), &[which], now);
                        prop_assert_eq!(good, newest == Some(which) && age < 240);
                        if good {
                            (sent, newest) = (None, None);
                        }
                    }
                    Act::Change => (sent, newest) = (None, None),
                    Act::Wait(minutes) => {
                        now += SignedDuration::from_mins(i64::from(minutes));
                        age += u32::from(minutes);
                    }
                }
            }
        }
    }
}
