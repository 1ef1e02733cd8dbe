//! An invitation to a client's dossier: a state machine beside the grant that it is about.
//!
//! added (no rights, no message) → sent (the first rights) → accepted or declined. Whoever may write in section USERS can
//! take it back until it is accepted; it expires by itself.

mod change;
pub mod rpc;
pub mod table;

use proto::identity::v1::InvitationState as State;

pub use change::{answer, is_waiting, send, withdraw_waiting};

/// What can happen to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first rights were given.
    RightsGiven,
    /// The message is wanted again.
    Resent,
    /// The person accepted.
    Accepted,
    /// The person turned it down.
    Declined,
    /// It was taken back.
    Withdrawn,
}

/// Where an event leads; `None` where it cannot happen. An invitation whose time is over can be sent again or taken
/// back, but not accepted.
#[must_use]
pub const fn next(state: State, event: Event, is_over: bool) -> Option<State> {
    match (state, event) {
        (State::Added, Event::RightsGiven) | (State::Sent, Event::Resent | Event::RightsGiven) => {
            Some(State::Sent)
        }
        (State::Sent, Event::Accepted) if !is_over => Some(State::Accepted),
        (State::Sent, Event::Declined) => Some(State::Declined),
        (State::Added | State::Sent, Event::Withdrawn) => Some(State::Withdrawn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::RightsGiven),
            Just(Event::Resent),
            Just(Event::Accepted),
            Just(Event::Declined),
            Just(Event::Withdrawn)
        ]
    }

    proptest! {
        /// The model: a person is in when rights were given at some time, and then the person accepted in time, and
        /// nobody took it back in between. After that, and after it was taken back or turned down, nothing happens any
        /// more.
        #[test]
        fn a_person_is_in_after_rights_were_given_and_accepted_in_time(
            events in prop::collection::vec((event(), any::<bool>()), 0..12),
        ) {
            let mut state = State::Added;
            let (mut sent, mut accepted, mut declined, mut withdrawn) = (false, false, false, false);
            for (event, is_over) in events {
                let closed = accepted || declined || withdrawn;
                match event {
                    Event::RightsGiven if !closed => sent = true,
                    Event::Accepted if !closed && sent && !is_over => accepted = true,
                    Event::Declined if !closed && sent => declined = true,
                    Event::Withdrawn if !closed => withdrawn = true,
                    _ => {}
                }
                if let Some(next) = next(state, event, is_over) {
                    state = next;
                }
            }
            let model = match (accepted, declined, withdrawn, sent) {
                (true, ..) => State::Accepted,
                (_, true, ..) => State::Declined,
                (_, _, true, _) => State::Withdrawn,
                (.., true) => State::Sent,
                _ => State::Added,
            };
            prop_assert_eq!(state, model);
        }
    }
}
