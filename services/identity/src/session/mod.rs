//! A session: a logged-in account, until the session is idle too long, reaches its longest time or is ended.

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

/// A session of an account in one browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// The id; not a secret.
    pub id: SessionId,
    /// The account that is logged in.
    pub account: AccountId,
    /// How reliably the person was identified.
    pub level: Level,
    /// When the session began.
    pub started_at: Timestamp,
    /// When the session was last used.
    pub seen_at: Timestamp,
    /// When the session ends, even if it is in use.
    pub ends_at: Timestamp,
    /// The client whose dossier is open, if one was chosen.
    pub chosen_client: Option<ClientId>,
    /// The name of the impersonator who acts in the account's name; empty: the account's owner acts.
    pub impersonator: String,
    /// The name of the browser.
    pub device_name: String,
    /// When the account logged in before this session.
    pub last_login_at: Option<Timestamp>,
}

impl Session {
    /// When the session ends if it is not used again.
    #[must_use]
    pub fn idle_until(&self, settings: SessionSettings) -> Timestamp {
        let idle = SignedDuration::from_secs(i64::from(settings.idle_seconds));
        (self.seen_at + idle).min(self.ends_at)
    }

    /// Whether the session has ended by time.
    #[must_use]
    pub fn is_over(&self, settings: SessionSettings, now: Timestamp) -> bool {
        now >= self.idle_until(settings)
    }

    /// The grant that the session uses: that of the chosen client, else the account's only grant.
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
    fn session_ends_when_idle_or_at_its_longest_time() {
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
