//! The key files of a deployment.
//!
//! `<public>/<name>.sign` and `<public>/<name>.seal` hold public keys; every process may read them.
//! `<private>/<name>.sign`, `.seal`, `.hash` and `.trail` hold private keys; only the process `name` may read
//! them. Every file is base64. The next key of a kind has a number in its name: `<name>.1.sign`. A running
//! process reads the files again every 30 s (OPS-09): the key with the highest number makes new tokens, seals
//! and hashes, and every key that is there checks or opens what it made.

mod change;
mod files;
mod settings;

use jsonwebtoken::{DecodingKey, EncodingKey};
use tokio_util::sync::CancellationToken;

use crate::{
    keyed_hash::{HashKey, HashKeys},
    ring::{KeyName, Ring},
    seal::{SealKeys, SealPrivateKey, SealPublicKey},
    token::{Signer, Verifier},
};

pub use change::{HalfKey, KeyKind};
pub use files::KeyError;
pub use settings::KeySettings;

/// The length of an Ed25519 public key, in bytes.
const SIGN_PUBLIC_LEN: usize = 32;

/// All keys that one process may read. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Keys {
    settings: KeySettings,
    process: &'static str,
    signing: Ring<EncodingKey>,
    verifying: Ring<DecodingKey>,
    opening: Ring<SealPrivateKey>,
    sealing: Ring<SealPublicKey>,
    hashing: Ring<HashKey>,
    trail: Ring<HashKey>,
}

impl Keys {
    /// Reads the keys of a process.
    ///
    /// # Errors
    /// When a folder or file cannot be read, or a file holds no key.
    pub fn open(settings: KeySettings, process: &'static str) -> Result<Self, KeyError> {
        let keys = Self {
            settings,
            process,
            signing: Ring::from_iter([]),
            verifying: Ring::from_iter([]),
            opening: Ring::from_iter([]),
            sealing: Ring::from_iter([]),
            hashing: Ring::from_iter([]),
            trail: Ring::from_iter([]),
        };
        keys.read_again()?;
        Ok(keys)
    }

    /// Reads all files again. A kind with a faulty file keeps the keys of before; the other kinds change.
    ///
    /// # Errors
    /// The first fault: a folder or file that cannot be read, a file that holds no key, or an owner who would lose
    /// the last key.
    pub fn read_again(&self) -> Result<(), KeyError> {
        let signing = |bytes: &[u8]| {
            // The signature library tests the key at its first use: test the key here.
            aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok()?;
            Some(EncodingKey::from_ed_der(bytes))
        };
        let verifying =
            |bytes: &[u8]| (bytes.len() == SIGN_PUBLIC_LEN).then(|| DecodingKey::from_ed_der(bytes));
        let read = [
            self.read_private(KeyKind::Sign, &self.signing, signing),
            self.read_public(KeyKind::Sign, &self.verifying, verifying),
            self.read_private(KeyKind::Seal, &self.opening, SealPrivateKey::from_bytes),
            self.read_public(KeyKind::Seal, &self.sealing, SealPublicKey::from_bytes),
            self.read_private(KeyKind::Hash, &self.hashing, HashKey::from_bytes),
            self.read_private(KeyKind::Trail, &self.trail, HashKey::from_bytes),
        ];
        read.into_iter().collect()
    }

    fn read_private<K>(
        &self,
        kind: KeyKind,
        ring: &Ring<K>,
        parse: impl Fn(&[u8]) -> Option<K>,
    ) -> Result<(), KeyError> {
        let keys = files::read(&self.settings.private, kind.extension(), Some(self.process), parse)?;
        self.replace(kind, ring, keys)
    }

    fn read_public<K>(
        &self,
        kind: KeyKind,
        ring: &Ring<K>,
        parse: impl Fn(&[u8]) -> Option<K>,
    ) -> Result<(), KeyError> {
        let keys = files::read(&self.settings.public, kind.extension(), None, parse)?;
        self.replace(kind, ring, keys)
    }

    fn replace<K>(&self, kind: KeyKind, ring: &Ring<K>, keys: Vec<(KeyName, K)>) -> Result<(), KeyError> {
        let kind = kind.extension();
        let changed =
            ring.replace(keys).map_err(|owner| KeyError::missing(&self.settings.private, &owner, kind))?;
        if changed {
            tracing::info!(kind, "other keys are held than before");
        }
        Ok(())
    }

    /// Reads the files again and again until `shutdown`.
    pub async fn watch(self, shutdown: CancellationToken) {
        while tokio::time::timeout(self.settings.reread(), shutdown.cancelled()).await.is_err() {
            if let Err(error) = self.read_again() {
                tracing::error!(%error, "key files cannot be read again: the keys of before stay in use");
            }
        }
    }

    /// Signs tokens of this process.
    ///
    /// # Errors
    /// When the process has no key that signs.
    pub fn signer(&self) -> Result<Signer, KeyError> {
        Signer::new(self.process, self.signing.clone()).ok_or_else(|| self.missing(KeyKind::Sign))
    }

    /// Verifies tokens with the public keys of all processes that sign.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.verifying.clone())
    }

    /// Seals messages to others, and opens messages that are sealed to this process.
    ///
    /// # Errors
    /// When the process has no key that opens.
    pub fn seal(&self) -> Result<SealKeys, KeyError> {
        SealKeys::new(self.process, self.opening.clone(), self.sealing.clone())
            .ok_or_else(|| self.missing(KeyKind::Seal))
    }

    /// Hashes short secrets and passwords.
    ///
    /// # Errors
    /// When the process has no key that hashes.
    pub fn hash(&self) -> Result<HashKeys, KeyError> {
        HashKeys::new(self.process, self.hashing.clone()).ok_or_else(|| self.missing(KeyKind::Hash))
    }

    /// Chains the records of the process's audit trail, and signs its event log.
    ///
    /// # Errors
    /// When the process has no key of the trail.
    pub fn trail(&self) -> Result<HashKeys, KeyError> {
        HashKeys::new(self.process, self.trail.clone()).ok_or_else(|| self.missing(KeyKind::Trail))
    }

    fn missing(&self, kind: KeyKind) -> KeyError {
        KeyError::missing(&self.settings.private, self.process, kind.extension())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;

    use super::*;
    use crate::token::{Caller, GATEWAY};

    #[test]
    fn a_token_is_accepted_at_every_step_of_a_change_of_key() {
        let folder = tempfile::tempdir().unwrap();
        let settings = KeySettings::new(folder.path().join("public"), folder.path().join("private"));
        settings.generate(GATEWAY).unwrap();
        let keys = Keys::open(settings.clone(), GATEWAY).unwrap();
        let (signer, verifier) = (keys.signer().unwrap(), keys.verifier());
        let sign = || signer.sign(&Caller::Gateway, Timestamp::UNIX_EPOCH).unwrap();
        let accepts = |token: &str| verifier.verify(token, Timestamp::UNIX_EPOCH).is_ok();

        let first = sign();
        let half = settings.begin_change(GATEWAY, KeyKind::Sign).unwrap();
        keys.read_again().unwrap();
        assert!(accepts(&first) && accepts(&sign()));
        half.finish().unwrap();
        keys.read_again().unwrap();
        let second = sign();
        assert!(accepts(&first) && accepts(&second));
        settings.remove_older(GATEWAY, KeyKind::Sign).unwrap();
        keys.read_again().unwrap();
        assert!(!accepts(&first) && accepts(&second) && accepts(&sign()));
    }

    #[test]
    fn a_faulty_or_missing_file_leaves_the_keys_of_before() {
        let folder = tempfile::tempdir().unwrap();
        let settings = KeySettings::new(folder.path().join("public"), folder.path().join("private"));
        settings.generate(GATEWAY).unwrap();
        let keys = Keys::open(settings.clone(), GATEWAY).unwrap();
        let hash = keys.hash().unwrap();
        let stored = hash.hash("code", uuid::Uuid::nil(), b"123456");
        let file = settings.private.join("gateway.hash");
        for faulty in ["", "c2hvcnQ=", "not base64"] {
            fs::write(&file, faulty).unwrap();
            assert!(keys.read_again().is_err(), "{faulty}");
        }
        fs::remove_file(&file).unwrap();
        assert!(keys.read_again().is_err());
        // Another kind changes all the same.
        settings.begin_change(GATEWAY, KeyKind::Trail).unwrap().finish().unwrap();
        assert!(keys.read_again().is_err());
        assert_eq!(keys.trail().unwrap().newest(), 1);
        assert!(hash.matches(&stored, "code", uuid::Uuid::nil(), b"123456"));
    }
}
