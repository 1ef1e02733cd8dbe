//! A login that lasts: until it is idle too long, its day is over, or it is ended.

pub mod clients;
mod end;
mod open;
mod purge;
pub mod rpc;
pub mod table;

use chassis::id::{AccountId, ClientId, SessionId};
use jiff::{SignedDuration, Timestamp};
use proto::{access::v1::Level, identity::v1::SessionSettings};

use crate::grant::AccessGrant;
pub use end::{end, end_all};
pub use open::open;
pub use purge::Purge;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id; no secret.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// How surely we know who is there.
    pub level: Level,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// Whose dossier it is about, where that was chosen.
    pub chosen_client: Option<ClientId>,
    /// Who acts in the account's name; empty: the person itself.
    pub impersonator: String,
    /// What the browser is called.
    pub device_name: String,
    /// When the account logged in before.
    pub last_login_at: Option<Timestamp>,
}

impl Session {
    /// When it ends if it is not used again.
    #[must_use]
    pub fn idle_until(&self, settings: SessionSettings) -> Timestamp {
        let idle = SignedDuration::from_secs(i64::from(settings.idle_seconds));
        (self.seen_at + idle).min(self.ends_at)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, settings: SessionSettings, now: Timestamp) -> bool {
        now >= self.idle_until(settings)
    }

    /// Which of the account's grants it is about: the chosen one, or the only one.
    #[must_use]
    pub fn grant(&self, mut current: Vec<AccessGrant>) -> Option<AccessGrant> {
        let chosen = current.iter().position(|grant| Some(grant.client) == self.chosen_client);
        match (chosen, current.len()) {
            (Some(index), _) => Some(current.swap_remove(index)),
            (None, 1) => current.pop(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_ends_when_idle_and_at_the_end_of_its_day() {
        let settings = SessionSettings { idle_seconds: 1800, absolute_seconds: 43_200, ..Default::default() };
        let seen_at = Timestamp::from_second(1_800_000_000).unwrap();
        let mut session = Session {
            id: SessionId(Uuid::nil()),
            account: AccountId(Uuid::nil()),
            level: Level::Low,
            started_at: seen_at,
            seen_at,
            ends_at: seen_at + SignedDuration::from_hours(1),
            chosen_client: None,
            impersonator: String::new(),
            device_name: String::new(),
            last_login_at: None,
        };
        assert!(!session.is_over(settings, seen_at + SignedDuration::from_secs(1799)));
        assert!(session.is_over(settings, seen_at + SignedDuration::from_secs(1800)));
        session.seen_at += SignedDuration::from_mins(50);
        assert!(!session.is_over(settings, seen_at + SignedDuration::from_mins(59)));
        assert!(session.is_over(settings, seen_at + SignedDuration::from_hours(1)));
    }
}
