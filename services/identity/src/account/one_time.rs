//! Passwords that were sent: how they are kept and compared.

use chassis::{id::AccountId, secret};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Account, OneTime};
use crate::state::State;

/// Whether `typed` is the password that was sent to the account and has not expired.
pub fn is_one_time(state: &State, account: Option<&Account>, typed: &str) -> bool {
    let id = account.map_or(AccountId(Uuid::nil()), |account| account.id);
    let typed = state.one_time(id, typed, state.clock.now());
    account
        .and_then(|account| account.one_time.as_ref())
        .is_some_and(|sent| secret::same(&typed.hash, &sent.hash) && state.clock.now() < sent.expires_at)
}

impl State {
    /// What is kept of a password that is sent.
    pub(crate) fn one_time(&self, account: AccountId, password: &str, expires_at: Timestamp) -> OneTime {
        let short: String = password.chars().take(100).collect();
        let normal = secret::normalise_one_time_password(&short);
        let hash = self.hash_key.hash("one-time password", account.uuid(), &normal);
        OneTime { hash: hash.to_vec(), expires_at }
    }
}
