//! One-time passwords, which are sent to people: how they are hashed and compared.

use chassis::{id::AccountId, secret};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Account, OneTimePassword};
use crate::state::State;

/// Whether `typed` is the unexpired one-time password that was sent to the account. Without an account the
/// work is the same, so that the answer's time does not reveal who exists.
pub fn is_one_time_password(state: &State, account: Option<&Account>, typed: &str) -> bool {
    let id = account.map_or(AccountId(Uuid::nil()), |account| account.id);
    let typed = state.hash_one_time_password(id, typed, state.clock.now());
    account.and_then(|account| account.one_time.as_ref()).is_some_and(|sent| {
        secret::constant_time_eq(&typed.hash, &sent.hash) && state.clock.now() < sent.expires_at
    })
}

impl State {
    /// Hashes a one-time password, to store the hash with the account.
    pub(crate) fn hash_one_time_password(
        &self,
        account: AccountId,
        password: &str,
        expires_at: Timestamp,
    ) -> OneTimePassword {
        let short: String = password.chars().take(100).collect();
        let normal = secret::normalise_one_time_password(&short);
        let hash = self.hash_key.hash("one-time password", account.uuid(), &normal);
        OneTimePassword { hash: hash.to_vec(), expires_at }
    }
}
