//! Passwords: the rules for new ones, and hashing.

mod hasher;
mod judge;
mod queue;
mod replace;

use chassis::keyed_hash::HashKeys;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use self::hasher::{Hasher, PREFIX};
use crate::error::Error;

pub use self::hasher::Place;
pub use judge::judge;
pub use replace::replace;

/// The fewest characters of a password, whatever an organisation sets (PW-01).
pub const MIN_LENGTH: usize = 8;
/// The most characters of a password.
pub const MAX_LENGTH: usize = 1000;

/// Hashes passwords (PW-05). The input of argon2 is the password in NFKC form, hashed with a key of the deployment
/// and bound to the account: without the key a stolen table is useless, and a hash that is copied to another account
/// does not match. A stored hash is in PHC form, after the number of its key unless the number is 0. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    hasher: Hasher,
    keys: HashKeys,
}

impl Passwords {
    /// Starts the hashing threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(keys: HashKeys) -> std::io::Result<Self> {
        Ok(Self { hasher: Hasher::start()?, keys })
    }

    /// Takes a place in the queue for an asker: an address, or an account whose address is not known. Take the place
    /// before a try is counted: a try that finds no place was none.
    ///
    /// # Errors
    /// "Too many tries" if too many hashes of the asker wait, "busy" if too many of all askers wait.
    pub fn take_place(&self, asker: &str) -> Result<Place, Error> {
        self.hasher.take_place(asker)
    }

    /// The hash of an account's password, to be stored.
    ///
    /// # Errors
    /// "Busy" if the hashing threads have ended.
    pub async fn hash(&self, place: &Place, account: Uuid, password: &str) -> Result<String, Error> {
        let number = self.keys.newest();
        let input = self.input(number, account, password).unwrap_or_default();
        let hash = hasher::hash(place, input).await?;
        Ok(if number == 0 { hash } else { format!("{number}{hash}") })
    }

    /// Whether this is the account's password. Without a stored hash, or where its key was removed, the work is the
    /// same and the answer no.
    ///
    /// # Errors
    /// "Busy" if the hashing threads have ended.
    pub async fn verify(
        &self,
        place: &Place,
        account: Uuid,
        password: &str,
        stored: Option<&str>,
    ) -> Result<bool, Error> {
        let (number, hash) = stored.and_then(split).unzip();
        let input = self.input(number.unwrap_or_else(|| self.keys.newest()), account, password);
        hasher::verify(place, input.unwrap_or_default(), hash.filter(|_| input.is_some())).await
    }

    /// Whether a stored hash was made with an older key or other parameters than new hashes: it is replaced at the
    /// next login.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        split(stored).is_none_or(|(number, hash)| number != self.keys.newest() || !hash.starts_with(PREFIX))
    }

    fn input(&self, number: u32, account: Uuid, password: &str) -> Option<[u8; 32]> {
        let normal: String = password.nfkc().take(MAX_LENGTH + 1).collect();
        self.keys.hash_under(number, "password", account, normal.as_bytes())
    }
}

/// The number of the key and the PHC form in a stored hash.
fn split(stored: &str) -> Option<(u32, String)> {
    let (number, hash) = stored.split_once('$')?;
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    Some((number, format!("${hash}")))
}

#[cfg(test)]
mod tests {
    use testkit::keys::hash_keys;

    use super::*;

    fn passwords(numbers: &[u32]) -> Passwords {
        Passwords::start(hash_keys("identity", numbers)).unwrap()
    }

    #[tokio::test]
    async fn six_hundred_accented_letters_are_one_password_in_either_form() {
        let passwords = passwords(&[0]);
        let place = passwords.take_place("").unwrap();
        let stored = passwords.hash(&place, Uuid::nil(), &"e\u{301}".repeat(600)).await.unwrap();
        assert!(
            passwords.verify(&place, Uuid::nil(), &"\u{e9}".repeat(600), Some(&stored)).await.unwrap(),
            "PW-01"
        );
        assert!(!passwords.verify(&place, Uuid::nil(), &"\u{e9}".repeat(599), Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_the_same_password_of_one_account() {
        let passwords = passwords(&[0]);
        let place = passwords.take_place("").unwrap();
        let stored = passwords.hash(&place, Uuid::nil(), "caf\u{e9}").await.unwrap();
        assert!(passwords.verify(&place, Uuid::nil(), "cafe\u{301}", Some(&stored)).await.unwrap());
        assert!(!passwords.verify(&place, Uuid::max(), "caf\u{e9}", Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_verifies_as_long_as_its_key_is_held_and_is_outdated_under_a_newer_key() {
        for before in [0, 1] {
            let old = passwords(&[before]);
            let stored = old.hash(&old.take_place("").unwrap(), Uuid::nil(), "password").await.unwrap();
            let (both, removed) = (passwords(&[before, 2]), passwords(&[2]));
            let place = both.take_place("").unwrap();
            assert!(both.verify(&place, Uuid::nil(), "password", Some(&stored)).await.unwrap());
            assert!(!both.verify(&place, Uuid::nil(), "Password", Some(&stored)).await.unwrap());
            assert!(both.is_outdated(&stored) && !old.is_outdated(&stored));
            let place = removed.take_place("").unwrap();
            assert!(!removed.verify(&place, Uuid::nil(), "password", Some(&stored)).await.unwrap());
            assert!(!removed.is_outdated(&removed.hash(&place, Uuid::nil(), "password").await.unwrap()));
        }
    }

    #[test]
    fn a_hash_with_weaker_parameters_is_outdated() {
        let passwords = passwords(&[0]);
        for outdated in ["$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "garbage", ""] {
            assert!(passwords.is_outdated(outdated), "{outdated}");
        }
    }
}
