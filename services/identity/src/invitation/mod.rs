//! An invitation to a client's dossier: a state machine next to the grant that the invitation is for.
//!
//! added (no rights, no message) → sent (the first rights) → accepted or declined. Until then, whoever may
//! write in section USERS can withdraw the invitation. An invitation expires when nobody answers.

mod change;
pub mod rpc;
pub mod table;

use proto::identity::v1::InvitationState as State;

pub use change::{answer, is_open, send, withdraw_open};

/// What can happen to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The person was given rights, the first or other ones.
    RightsGiven,
    /// Somebody asked to send the message again.
    Resent,
    /// The person accepted the invitation.
    Accepted,
    /// The person declined the invitation.
    Declined,
    /// Somebody withdrew the invitation.
    Withdrawn,
}

/// The state after an event; `None` when the state does not allow the event. An expired invitation can be
/// sent again, declined or withdrawn, but not accepted.
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
        /// The model: a person has access after rights were given and the person then accepted in time,
        /// unless the invitation was withdrawn or declined before. After that nothing changes any more.
        #[test]
        fn access_needs_rights_and_acceptance_in_time(
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
