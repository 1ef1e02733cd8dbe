//! Keyed hashes (HMAC-SHA-256) of short secrets and of records. A stored hash names the number of its key, so
//! that it can be checked after a newer key has come.

use std::sync::Arc;

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::{ring::Ring, secret::constant_time_eq};

/// The length of an HMAC-SHA-256, in bytes.
const HASH_LEN: usize = 32;

/// One key. The text form does not show it.
#[derive(Clone, Debug)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// A key from 32 random bytes or more; `None` where there are fewer bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= HASH_LEN).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    fn hash(&self, purpose: &str, owner: Uuid, secret: &[u8]) -> [u8; HASH_LEN] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(owner.as_bytes());
        context.update(secret);
        let mut out = [0; HASH_LEN];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// The hash keys of one process. Cheap to clone. The text form shows no key.
#[derive(Clone, Debug)]
pub struct HashKeys {
    process: Arc<str>,
    ring: Ring<HashKey>,
}

impl HashKeys {
    /// The keys of a process; `None` where the process has no key.
    #[must_use]
    pub fn new(process: &str, ring: Ring<HashKey>) -> Option<Self> {
        ring.newest(process)?;
        Some(Self { process: process.into(), ring })
    }

    /// The number of the key that makes new hashes.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.ring.newest(&self.process).map_or(0, |(number, _)| number)
    }

    /// The hash of a secret for one purpose and owner under the key with this number; `None` where there is no
    /// such key. The same secret has another hash for another purpose or owner, so that a hash cannot be copied
    /// from one row to another.
    #[must_use]
    pub fn hash_under(
        &self,
        number: u32,
        purpose: &str,
        owner: Uuid,
        secret: &[u8],
    ) -> Option<[u8; HASH_LEN]> {
        Some(self.ring.get(&self.process, number)?.hash(purpose, owner, secret))
    }

    /// The hash under the newest key, as it is stored: the number of the key in four bytes, left out for the
    /// number 0, and then the hash.
    #[must_use]
    pub fn hash(&self, purpose: &str, owner: Uuid, secret: &[u8]) -> Vec<u8> {
        // A process never loses its last key, so that there is a newest key. An empty hash matches nothing.
        let Some((number, key)) = self.ring.newest(&self.process) else { return Vec::new() };
        let hash = key.hash(purpose, owner, secret);
        if number == 0 { hash.to_vec() } else { [number.to_be_bytes().as_slice(), &hash].concat() }
    }

    /// Whether a stored hash is the hash of this secret, under the key that the stored hash names.
    #[must_use]
    pub fn matches(&self, stored: &[u8], purpose: &str, owner: Uuid, secret: &[u8]) -> bool {
        let Some((number, hash)) = split(stored) else { return false };
        self.hash_under(number, purpose, owner, secret).is_some_and(|known| constant_time_eq(&known, hash))
    }
}

/// The number of the key and the hash in a stored hash.
fn split(stored: &[u8]) -> Option<(u32, &[u8])> {
    if stored.len() == HASH_LEN {
        return Some((0, stored));
    }
    let (number, hash) = stored.split_first_chunk()?;
    (hash.len() == HASH_LEN).then(|| (u32::from_be_bytes(*number), hash))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ring::KeyName;

    /// Hash keys with these numbers.
    pub(crate) fn keys(numbers: &[u32]) -> HashKeys {
        let key = |number: u32| HashKey::from_bytes(&[u8::try_from(number).unwrap(); 32]).unwrap();
        let ring =
            numbers.iter().map(|&number| (KeyName { owner: "identity".to_owned(), number }, key(number)));
        HashKeys::new("identity", ring.collect()).unwrap()
    }

    #[test]
    fn the_same_digits_hash_differently_for_another_owner_or_purpose() {
        let keys = keys(&[0]);
        let hash = keys.hash("code", Uuid::nil(), b"123456");
        assert_ne!(hash, keys.hash("code", Uuid::max(), b"123456"));
        assert_ne!(hash, keys.hash("welcome", Uuid::nil(), b"123456"));
    }

    #[test]
    fn a_stored_hash_matches_as_long_as_its_key_is_held() {
        for before in [0, 1] {
            let stored = keys(&[before]).hash("code", Uuid::nil(), b"123456");
            let both = keys(&[before, 7]);
            assert!(both.matches(&stored, "code", Uuid::nil(), b"123456"));
            assert!(!both.matches(&stored, "code", Uuid::nil(), b"123457"));
            assert_ne!(both.hash("code", Uuid::nil(), b"123456"), stored);
            assert!(!keys(&[7]).matches(&stored, "code", Uuid::nil(), b"123456"));
        }
        for malformed in [&[][..], &[0; 31], &[0; 33]] {
            assert!(!keys(&[0]).matches(malformed, "code", Uuid::nil(), b"123456"));
        }
    }
}
