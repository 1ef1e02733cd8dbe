//! A person's change of e-mail address or number: a code goes to the new address or number, a notice to the
//! old one (OTP-04).

pub mod rpc;
mod table;

use uuid::Uuid;

use crate::account::{Account, normalise_username};

/// A change that the person has not yet confirmed with the code.
#[derive(Clone, Debug)]
pub struct ContactChange {
    /// The id of the change, and of its code.
    pub id: Uuid,
    /// The new address or number.
    pub value: String,
}

/// The account with another e-mail address. A user name that equals the old address changes with it (T48):
/// otherwise the next owner of the old address would be taken for this person.
#[must_use]
pub fn with_email(account: &Account, email: &str) -> Account {
    let is_username = account.username == normalise_username(&account.email);
    let username = if is_username { normalise_username(email) } else { account.username.clone() };
    Account { username, email: email.to_owned(), ..account.clone() }
}
