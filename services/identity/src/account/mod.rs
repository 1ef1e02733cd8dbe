//! An account: who logs in, what they may do with which client's dossier, and on what that rests.

mod convert;
pub mod rpc;
pub mod store;

use std::collections::BTreeMap;

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use proto::{access::v1::Grant, identity::v1::RelationKind};
use unicode_normalization::UnicodeNormalization;

pub use convert::is_email;

/// A person who logs in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The name to show.
    pub display_name: String,
    /// Where codes and messages go.
    pub email: String,
    /// `nl` or `en`.
    pub language: String,
    /// Argon2id in PHC form; `None` until the person chose a password.
    pub password_hash: Option<String>,
    /// A password that was sent, as a keyed hash, and until when it is good.
    pub one_time: Option<OneTime>,
}

/// A password that was sent.
#[derive(Clone, Debug)]
pub struct OneTime {
    /// Its keyed hash.
    pub hash: Vec<u8>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What an account may do with one client's dossier.
#[derive(Clone, Debug)]
pub struct AccessGrant {
    /// Whose dossier.
    pub client: ClientId,
    /// The client's name; empty until it was heard.
    pub client_name: String,
    /// What the person is to the client.
    pub relation: RelationKind,
    /// Actions by section, as numbers of the contract.
    pub grants: BTreeMap<i32, Vec<i32>>,
    /// On what ground access was given.
    pub ground: String,
}

/// A user name as it is compared: NFKC, lower case, without the spaces that keyboards add.
#[must_use]
pub fn normalise_username(typed: &str) -> String {
    typed.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// An e-mail address with all but the ends hidden: whoever knows it recognises it, nobody else learns it.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// Grants as actions by section, each once.
#[must_use]
pub fn by_section(grants: &[Grant]) -> BTreeMap<i32, Vec<i32>> {
    let mut map: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for grant in grants {
        let actions = map.entry(grant.section).or_default();
        actions.extend(&grant.actions);
        actions.sort_unstable();
        actions.dedup();
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_the_same_however_a_keyboard_writes_them() {
        assert_eq!(normalise_username(" Jan.de.Vries@Voorbeeld.NL "), "jan.de.vries@voorbeeld.nl");
        assert_eq!(normalise_username("Zoe\u{308}"), normalise_username("ZOË"));
    }

    #[test]
    fn an_address_is_shown_by_its_ends_alone() {
        assert_eq!(mask_email("jan@voorbeeld.nl"), "j•••@voorbeeld.nl");
        assert_eq!(mask_email("x"), "x•••@");
    }
}
