//! Values that a process gives to a browser and gets back later. They are encrypted and authenticated
//! (AES-256-GCM), so that the browser's user can neither read nor change them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::secret::HashKey;

/// The length of a nonce, in bytes.
const NONCE_LEN: usize = 12;

/// A key that encrypts the values of one purpose.
#[derive(Clone)]
pub struct AeadKey([u8; 32]);

impl AeadKey {
    /// Derives the key of one purpose from the process's hash key. A value that was encrypted for another
    /// purpose does not decrypt.
    #[must_use]
    pub fn derive(key: &HashKey, purpose: &str) -> Self {
        Self(key.hash("stamp key", Uuid::nil(), purpose))
    }

    /// Encrypts a value to URL-safe text. Empty where the encryption fails; an empty text never decrypts.
    #[must_use]
    pub fn encrypt(&self, value: &[u8]) -> String {
        let mut text = value.to_vec();
        let encrypted = RandomizedNonceKey::new(&AES_256_GCM, &self.0)
            .and_then(|key| key.seal_in_place_append_tag(Aad::empty(), &mut text));
        let Ok(nonce) = encrypted else { return String::new() };
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend(text);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The value in a text that [`AeadKey::encrypt`] made with this key; `None` for any other text.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).ok()?;
        Some(key.open_in_place(nonce, Aad::empty(), text).ok()?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unchanged_text_decrypts_and_only_with_its_key() {
        let keys = HashKey::new(&[1; 32]);
        let (key, other) = (AeadKey::derive(&keys, "form"), AeadKey::derive(&keys, "elsewhere"));
        let encrypted = key.encrypt(b"account and client");
        assert_eq!(key.decrypt(&encrypted).unwrap(), b"account and client");
        assert_eq!(other.decrypt(&encrypted), None);
        assert_ne!(encrypted, key.encrypt(b"account and client"), "a nonce is never used twice");
        for at in 0..encrypted.len() {
            let mut changed = encrypted.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.decrypt(&String::from_utf8(changed).unwrap()), None, "{at}");
        }
        for none in ["", "x", "AAAA"] {
            assert_eq!(key.decrypt(none), None);
        }
    }
}
