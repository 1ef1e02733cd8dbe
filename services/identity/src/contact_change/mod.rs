//! Changing where an account is reached: a code goes to the new address or number, a notice to the old (OTP-04).

pub mod rpc;
mod store;

use proto::identity::v1::{LoginSettings, UsernamePolicy};
use uuid::Uuid;

use crate::account::{Account, normalise_username};

/// A change that waits for its code.
#[derive(Clone, Debug)]
pub struct ContactChange {
    /// Its id.
    pub id: Uuid,
    /// The new address or number.
    pub value: String,
}

/// The account with another e-mail address; a user name that is the address follows (T48), unless the organisation gives
/// user names.
#[must_use]
pub fn with_email(account: &Account, email: &str, settings: LoginSettings) -> Account {
    let is_username = settings.username_policy() != UsernamePolicy::Assigned
        && account.username == normalise_username(&account.email);
    let username = if is_username { normalise_username(email) } else { account.username.clone() };
    Account { username, email: email.to_owned(), ..account.clone() }
}
