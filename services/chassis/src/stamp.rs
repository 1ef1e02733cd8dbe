//! Values that we hand out and take back, readable by nobody else and unchanged: AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::secret::HashKey;

/// How long a nonce is.
const NONCE: usize = 12;

/// A key for stamps.
#[derive(Clone)]
pub struct StampKey([u8; 32]);

impl StampKey {
    /// The key for stamps of one purpose, made from a process's own key.
    #[must_use]
    pub fn derive(key: &HashKey, purpose: &str) -> Self {
        Self(key.hash("stamp key", Uuid::nil(), purpose))
    }

    /// Closes a value; empty where the key cannot be used, which opens as nothing.
    #[must_use]
    pub fn close(&self, value: &[u8]) -> String {
        let mut text = value.to_vec();
        let closed = RandomizedNonceKey::new(&AES_256_GCM, &self.0)
            .and_then(|key| key.seal_in_place_append_tag(Aad::empty(), &mut text));
        let Ok(nonce) = closed else { return String::new() };
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend(text);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens what was closed with this key; `None` for anything else.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).ok()?;
        Some(key.open_in_place(nonce, Aad::empty(), text).ok()?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_opens_with_its_own_key_and_unchanged_alone() {
        let keys = HashKey::new(&[1; 32]);
        let (key, other) = (StampKey::derive(&keys, "form"), StampKey::derive(&keys, "elsewhere"));
        let closed = key.close(b"account and client");
        assert_eq!(key.open(&closed).unwrap(), b"account and client");
        assert_eq!(other.open(&closed), None);
        assert_ne!(closed, key.close(b"account and client"), "each time another");
        for at in 0..closed.len() {
            let mut changed = closed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open(&String::from_utf8(changed).unwrap()), None, "{at}");
        }
        for none in ["", "x", "AAAA"] {
            assert_eq!(key.open(none), None);
        }
    }
}
