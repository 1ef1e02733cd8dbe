//! The key files of a deployment.
//!
//! `<public>/<name>.sign` and `<public>/<name>.seal` hold public keys; every process may read them.
//! `<private>/<name>.sign`, `.seal` and `.hash` hold private keys; only the process `name` may read them.
//! Every file is base64.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{
    seal::{SealKeys, SealPrivateKey},
    secret::{self, HashKey},
    token::{Signer, Verifier},
};

/// The folders of the key files.
#[derive(Clone, Debug, Deserialize)]
pub struct KeySettings {
    /// The folder of public keys.
    pub public: PathBuf,
    /// The folder of this process's private keys.
    pub private: PathBuf,
}

/// A key file that cannot be read or written, or holds no usable key.
#[derive(Debug, thiserror::Error)]
#[error("key file {path}: {problem}")]
pub struct KeyError {
    path: PathBuf,
    problem: String,
}

impl KeySettings {
    /// The key with which the process `name` signs tokens.
    ///
    /// # Errors
    /// When the file cannot be read or is not base64.
    pub fn signer(&self, name: &'static str) -> Result<Signer, KeyError> {
        Ok(Signer::new(name, &read(&self.private.join(format!("{name}.sign")))?))
    }

    /// A verifier with the public keys of all processes that sign tokens.
    ///
    /// # Errors
    /// When a file cannot be read or is not base64.
    pub fn verifier(&self) -> Result<Verifier, KeyError> {
        Ok(Verifier::new(self.read_public("sign")?))
    }

    /// The keys with which the service `name` seals messages to others and opens messages sealed to itself.
    ///
    /// # Errors
    /// When a file cannot be read or holds no such key.
    pub fn seal_keys(&self, name: &str) -> Result<SealKeys, KeyError> {
        let path = self.private.join(format!("{name}.seal"));
        let own = SealPrivateKey::from_bytes(&read(&path)?).ok_or_else(|| unusable(&path))?;
        SealKeys::new(name, own, self.read_public("seal")?).ok_or_else(|| unusable(&self.public))
    }

    /// The key with which the process `name` hashes short secrets.
    ///
    /// # Errors
    /// When the file cannot be read or is not base64.
    pub fn hash_key(&self, name: &str) -> Result<HashKey, KeyError> {
        Ok(HashKey::new(&read(&self.private.join(format!("{name}.hash")))?))
    }

    fn read_public(&self, kind: &str) -> Result<HashMap<String, Vec<u8>>, KeyError> {
        let listing = fs::read_dir(&self.public).map_err(|error| fault(&self.public, &error))?;
        let mut keys = HashMap::new();
        for entry in listing {
            let path = entry.map_err(|error| fault(&self.public, &error))?.path();
            if path.extension().is_some_and(|extension| extension == kind)
                && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
            {
                keys.insert(name.to_owned(), read(&path)?);
            }
        }
        Ok(keys)
    }

    /// Makes the key files of `name`, unless they exist already. For development machines and tests.
    ///
    /// # Errors
    /// When a folder or file cannot be written.
    pub fn generate(&self, name: &str) -> Result<(), KeyError> {
        for folder in [&self.public, &self.private] {
            fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
        }
        if self.private.join(format!("{name}.hash")).exists() {
            return Ok(());
        }
        let signing = Ed25519KeyPair::generate().map_err(|_| unusable(&self.private))?;
        let document = signing.to_pkcs8().map_err(|_| unusable(&self.private))?;
        let (seal, seal_public) = SealPrivateKey::generate();
        self.write(&self.public, name, "sign", signing.public_key().as_ref())?;
        self.write(&self.public, name, "seal", &seal_public)?;
        self.write(&self.private, name, "sign", document.as_ref())?;
        self.write(&self.private, name, "seal", &seal.to_bytes())?;
        self.write(&self.private, name, "hash", &secret::random::<32>())
    }

    #[expect(clippy::unused_self, reason = "called in the same way as the other methods of KeySettings")]
    fn write(&self, folder: &Path, name: &str, kind: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let path = folder.join(format!("{name}.{kind}"));
        fs::write(&path, STANDARD.encode(bytes)).map_err(|error| fault(&path, &error))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KeyError> {
    let text = fs::read_to_string(path).map_err(|error| fault(path, &error))?;
    STANDARD.decode(text.trim()).map_err(|_| unusable(path))
}

fn fault(path: &Path, error: &io::Error) -> KeyError {
    KeyError { path: path.to_owned(), problem: error.to_string() }
}

fn unusable(path: &Path) -> KeyError {
    KeyError { path: path.to_owned(), problem: "no usable key".to_owned() }
}
