//! One-time passwords, which are sent to people: how they are hashed and compared.

use chassis::{id::AccountId, typed};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Account, OneTimePassword};
use crate::state::State;

/// What these hashes are for: no other hash of the same key is a hash of a one-time password.
const PURPOSE: &str = "one-time password";

/// Whether `typed` is the unexpired one-time password that was sent to the account. Without an account the
/// work is the same, so that the answer's time does not reveal who exists.
pub fn is_one_time_password(state: &State, account: Option<&Account>, typed: &str) -> bool {
    let id = account.map_or(AccountId(Uuid::nil()), |account| account.id);
    let sent = account.and_then(|account| account.one_time.as_ref());
    let normal = normalise(typed);
    // Without a sent password, compare with the hash of another text.
    let stored = match sent {
        Some(sent) => sent.hash.clone(),
        None => state.hash_keys.hash(PURPOSE, id.uuid(), b""),
    };
    let is_right = state.hash_keys.matches(&stored, PURPOSE, id.uuid(), normal.as_bytes());
    sent.is_some_and(|sent| is_right && state.clock.now() < sent.expires_at)
}

impl State {
    /// Hashes a one-time password, to store the hash with the account.
    pub(crate) fn hash_one_time_password(
        &self,
        account: AccountId,
        password: &str,
        expires_at: Timestamp,
    ) -> OneTimePassword {
        let hash = self.hash_keys.hash(PURPOSE, account.uuid(), normalise(password).as_bytes());
        OneTimePassword { hash, expires_at }
    }
}

fn normalise(typed: &str) -> String {
    let short: String = typed.chars().take(100).collect();
    typed::made_password(&short)
}
