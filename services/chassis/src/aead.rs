//! Values that a process gives to a browser and gets back later. They are encrypted and authenticated
//! (AES-256-GCM), so that the browser's user can neither read nor change them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{Clock, keyed_hash::HashKeys};

/// The length of a nonce, in bytes.
const NONCE_LEN: usize = 12;

/// The length of a day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// Encrypts the values of one purpose, under keys that are derived from the process's hash keys, one for each day: nonces
/// are random, and under one key they would repeat after some 2³² values (NIST SP 800-38D §8.3). A value that was
/// encrypted for another purpose does not decrypt.
#[derive(Clone)]
pub struct AeadKeys {
    keys: HashKeys,
    purpose: &'static str,
    clock: Clock,
}

impl AeadKeys {
    /// The keys of one purpose.
    #[must_use]
    pub const fn derive(keys: HashKeys, purpose: &'static str, clock: Clock) -> Self {
        Self { keys, purpose, clock }
    }

    fn key(&self, number: u32, day: i64) -> Option<RandomizedNonceKey> {
        let use_of_key = [&day.to_be_bytes(), self.purpose.as_bytes()].concat();
        let key = self.keys.hash_under(number, "stamp key", Uuid::nil(), &use_of_key)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok()
    }

    /// Encrypts a value to URL-safe text: the number of the key, the day in days since 1970, and the encrypted value,
    /// with points between. Empty where the encryption fails; an empty text never decrypts.
    #[must_use]
    pub fn encrypt(&self, value: &[u8]) -> String {
        let mut text = value.to_vec();
        let (number, day) = (self.keys.newest(), self.clock.now().as_second().div_euclid(DAY));
        let nonce =
            self.key(number, day).and_then(|key| key.seal_in_place_append_tag(Aad::empty(), &mut text).ok());
        let Some(nonce) = nonce else { return String::new() };
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend(text);
        format!("{number}.{day}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value in a text that [`AeadKeys::encrypt`] made for this purpose; `None` for any other text.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let (number, text) = text.split_once('.')?;
        let (day, text) = text.split_once('.')?;
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some(
            self.key(number.parse().ok()?, day.parse().ok()?)?
                .open_in_place(nonce, Aad::empty(), text)
                .ok()?
                .to_vec(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::keyed_hash::tests::keys;

    fn of(numbers: &[u32], purpose: &'static str) -> AeadKeys {
        AeadKeys::derive(keys(numbers), purpose, Clock::fixed(Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn each_day_has_a_key_of_its_own_and_yesterdays_values_decrypt() {
        let key = of(&[1], "form");
        let yesterday = key.encrypt(b"draft");
        key.clock.advance(Duration::from_hours(24));
        let today = key.encrypt(b"draft");
        assert!(yesterday.starts_with("1.0.") && today.starts_with("1.1."), "{yesterday} {today}");
        assert_eq!(key.decrypt(&yesterday).unwrap(), b"draft");
        assert_eq!(key.decrypt(&today.replacen("1.1.", "1.0.", 1)), None, "another day, another key");
    }

    #[test]
    fn only_an_unchanged_text_decrypts_and_only_with_its_key() {
        let key = of(&[1], "form");
        let other = of(&[1], "elsewhere");
        let encrypted = key.encrypt(b"account and client");
        assert_eq!(key.decrypt(&encrypted).unwrap(), b"account and client");
        assert_eq!(other.decrypt(&encrypted), None);
        assert_ne!(encrypted, key.encrypt(b"account and client"), "a nonce is never used twice");
        for at in 0..encrypted.len() {
            let mut changed = encrypted.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.decrypt(&String::from_utf8(changed).unwrap()), None, "{at}");
        }
        for none in ["", "x", "AAAA", "1.", "1.AAAA", "1.0.", "1.0.AAAA", "2.0.AAAA", "1.x.AAAA"] {
            assert_eq!(key.decrypt(none), None);
        }
    }

    #[test]
    fn a_text_decrypts_as_long_as_its_key_is_held() {
        let encrypted = of(&[0], "form").encrypt(b"draft");
        assert_eq!(of(&[0, 1], "form").decrypt(&encrypted).unwrap(), b"draft");
        assert_eq!(of(&[1], "form").decrypt(&encrypted), None);
    }
}
