//! Values that a process gives to a browser and gets back later. They are encrypted and authenticated
//! (AES-256-GCM), so that the browser's user can neither read nor change them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::keyed_hash::HashKeys;

/// The length of a nonce, in bytes.
const NONCE_LEN: usize = 12;

/// Encrypts the values of one purpose, under keys that are derived from the process's hash keys. A value that
/// was encrypted for another purpose does not decrypt.
#[derive(Clone)]
pub struct AeadKeys {
    keys: HashKeys,
    purpose: &'static str,
}

impl AeadKeys {
    /// The keys of one purpose.
    #[must_use]
    pub const fn derive(keys: HashKeys, purpose: &'static str) -> Self {
        Self { keys, purpose }
    }

    fn key(&self, number: u32) -> Option<RandomizedNonceKey> {
        let key = self.keys.hash_under(number, "stamp key", Uuid::nil(), self.purpose.as_bytes())?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok()
    }

    /// Encrypts a value to URL-safe text: the number of the key, a point, and the encrypted value. Empty where
    /// the encryption fails; an empty text never decrypts.
    #[must_use]
    pub fn encrypt(&self, value: &[u8]) -> String {
        let mut text = value.to_vec();
        let number = self.keys.newest();
        let nonce =
            self.key(number).and_then(|key| key.seal_in_place_append_tag(Aad::empty(), &mut text).ok());
        let Some(nonce) = nonce else { return String::new() };
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend(text);
        format!("{number}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value in a text that [`AeadKeys::encrypt`] made for this purpose; `None` for any other text.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let (number, text) = text.split_once('.')?;
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some(self.key(number.parse().ok()?)?.open_in_place(nonce, Aad::empty(), text).ok()?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed_hash::tests::keys;

    #[test]
    fn only_an_unchanged_text_decrypts_and_only_with_its_key() {
        let key = AeadKeys::derive(keys(&[1]), "form");
        let other = AeadKeys::derive(keys(&[1]), "elsewhere");
        let encrypted = key.encrypt(b"account and client");
        assert_eq!(key.decrypt(&encrypted).unwrap(), b"account and client");
        assert_eq!(other.decrypt(&encrypted), None);
        assert_ne!(encrypted, key.encrypt(b"account and client"), "a nonce is never used twice");
        for at in 0..encrypted.len() {
            let mut changed = encrypted.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.decrypt(&String::from_utf8(changed).unwrap()), None, "{at}");
        }
        for none in ["", "x", "AAAA", "1.", "1.AAAA", "2.AAAA"] {
            assert_eq!(key.decrypt(none), None);
        }
    }

    #[test]
    fn a_text_decrypts_as_long_as_its_key_is_held() {
        let encrypted = AeadKeys::derive(keys(&[0]), "form").encrypt(b"draft");
        assert_eq!(AeadKeys::derive(keys(&[0, 1]), "form").decrypt(&encrypted).unwrap(), b"draft");
        assert_eq!(AeadKeys::derive(keys(&[1]), "form").decrypt(&encrypted), None);
    }
}
