//! The key files of a whole deployment, in a folder of the test's own.

use chassis::{
    keyed_hash::{HashKey, HashKeys},
    keys::{self, KeySettings},
    ring::{KeyName, Ring},
    token::Signer,
};
use tempfile::TempDir;

/// Hash keys of a process with these numbers: the same number is always the same key.
#[must_use]
pub fn hash_keys(process: &str, numbers: &[u32]) -> HashKeys {
    let key = |&number: &u32| {
        let name = KeyName { owner: process.to_owned(), number };
        (name, HashKey::from_bytes(&[u8::try_from(number).unwrap(); 32]).unwrap())
    };
    HashKeys::new(process, numbers.iter().map(key).collect::<Ring<_>>()).unwrap()
}

/// The keys of the trail of a service's test database, which a test opens in several ways.
#[must_use]
pub fn trail_keys(service: &str) -> HashKeys {
    hash_keys(service, &[0])
}

/// Key files that are deleted when the keys are dropped.
pub struct Keys {
    _folder: TempDir,
    /// The folders of the key files.
    pub settings: KeySettings,
}

impl Keys {
    /// Generates keys for the gateway and for every service.
    #[must_use]
    pub fn generate() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = KeySettings::new(folder.path().join("public"), folder.path().join("private"));
        for name in proto::SERVICES.iter().chain(&["gateway"]) {
            settings.generate(name).unwrap();
        }
        Self { _folder: folder, settings }
    }

    /// The keys of one process.
    #[must_use]
    pub fn of(&self, process: &'static str) -> keys::Keys {
        keys::Keys::open(self.settings.clone(), process).unwrap()
    }

    /// The signer of a process's tokens.
    #[must_use]
    pub fn signer(&self, process: &'static str) -> Signer {
        self.of(process).signer().unwrap()
    }
}
