//! Makes the keys of a deployment, and changes them one kind at a time. An operator's own tools may do the same
//! with the same files.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::{
    files::{self, KeyError},
    settings::KeySettings,
};
use crate::{ring::KeyName, seal::SealPrivateKey, secret};

/// The kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs tokens: Ed25519, a private and a public key.
    Sign,
    /// Opens sealed messages: X25519, a private and a public key.
    Seal,
    /// Hashes short secrets and passwords: 32 random bytes.
    Hash,
    /// Chains the records of the audit trail, and the event log: 32 random bytes.
    Trail,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Sign, Self::Seal, Self::Hash, Self::Trail];

    /// The extension of the kind's files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Seal => "seal",
            Self::Hash => "hash",
            Self::Trail => "trail",
        }
    }

    /// A new key: the private part, and the public part of a kind that has one.
    fn generate(self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        match self {
            Self::Sign => {
                let pair = Ed25519KeyPair::generate().ok()?;
                Some((pair.to_pkcs8().ok()?.as_ref().to_vec(), Some(pair.public_key().as_ref().to_vec())))
            }
            Self::Seal => {
                let (private, public) = SealPrivateKey::generate();
                Some((private.to_bytes().to_vec(), Some(public)))
            }
            Self::Hash | Self::Trail => Some((secret::random::<32>().to_vec(), None)),
        }
    }
}

/// A next key of one process, half of which is written. The other half follows once every process has read the
/// first.
#[must_use = "the other half of the key is not written"]
pub struct HalfKey {
    settings: KeySettings,
    name: KeyName,
    kind: KeyKind,
    rest: Option<Vec<u8>>,
}

impl KeySettings {
    /// Makes the key files of a process, except those that exist already.
    ///
    /// # Errors
    /// When a folder or file cannot be written.
    pub fn generate(&self, owner: &str) -> Result<(), KeyError> {
        files::create_folders(&self.public, &self.private)?;
        for kind in KeyKind::ALL {
            if self.numbers(owner, kind)?.is_empty() {
                self.begin(owner, kind, 0)?.finish()?;
            }
        }
        Ok(())
    }

    /// The numbers of a process's private keys of one kind, in rising order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn numbers(&self, owner: &str, kind: KeyKind) -> Result<Vec<u32>, KeyError> {
        let names = files::names(&self.private, kind.extension())?;
        let mut numbers: Vec<u32> =
            names.into_iter().filter(|name| name.owner == owner).map(|name| name.number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes the first half of a process's next key. Of a key that signs, the public part: those who check need
    /// it before the first signature. Of a key that opens, the private part: the owner needs it before the first
    /// message comes. A kind without a public part is written whole.
    ///
    /// # Errors
    /// When a folder cannot be read or a file cannot be written.
    pub fn begin_change(&self, owner: &str, kind: KeyKind) -> Result<HalfKey, KeyError> {
        let next = self.numbers(owner, kind)?.last().map_or(0, |newest| newest + 1);
        self.begin(owner, kind, next)
    }

    fn begin(&self, owner: &str, kind: KeyKind, number: u32) -> Result<HalfKey, KeyError> {
        let name = KeyName { owner: owner.to_owned(), number };
        let (private, public) = kind.generate().ok_or_else(|| KeyError::unusable(&self.private))?;
        let rest = match (kind, public) {
            (KeyKind::Sign, Some(public)) => {
                files::write_public(&self.public, &name, kind.extension(), &public)?;
                Some(private)
            }
            (_, public) => {
                files::write_private(&self.private, &name, kind.extension(), &private)?;
                public
            }
        };
        Ok(HalfKey { settings: self.clone(), name, kind, rest })
    }

    /// Removes a process's keys of one kind that are older than the newest.
    ///
    /// # Errors
    /// When a folder cannot be read or a file cannot be removed.
    pub fn remove_older(&self, owner: &str, kind: KeyKind) -> Result<(), KeyError> {
        let newest = self.numbers(owner, kind)?.last().copied().unwrap_or(0);
        for folder in [&self.public, &self.private] {
            for name in files::names(folder, kind.extension())? {
                if name.owner == owner && name.number < newest {
                    files::remove(folder, &name, kind.extension())?;
                }
            }
        }
        Ok(())
    }
}

impl HalfKey {
    /// Writes the other half: from now on the key is used.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> Result<(), KeyError> {
        let Some(rest) = self.rest else { return Ok(()) };
        let (settings, kind) = (&self.settings, self.kind.extension());
        if self.kind == KeyKind::Sign {
            files::write_private(&settings.private, &self.name, kind, &rest)
        } else {
            files::write_public(&settings.public, &self.name, kind, &rest)
        }
    }
}
