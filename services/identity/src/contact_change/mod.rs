//! Changing where an account is reached: a code goes to the new address or number, a notice to the old (OTP-04).

pub mod rpc;
mod table;

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

/// The account with another e-mail address; a user name that is the address follows (T48): else the next owner of that
/// address would be taken for this person.
#[must_use]
pub fn with_email(account: &Account, email: &str) -> Account {
    let is_username = account.username == normalise_username(&account.email);
    let username = if is_username { normalise_username(email) } else { account.username.clone() };
    Account { username, email: email.to_owned(), ..account.clone() }
}
