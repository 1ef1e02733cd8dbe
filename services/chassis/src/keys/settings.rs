//! Where the key files are.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

/// The folders of the key files.
#[derive(Clone, Debug, Deserialize)]
pub struct KeySettings {
    /// The folder of public keys.
    pub public: PathBuf,
    /// The folder of this process's private keys.
    pub private: PathBuf,
    /// How many seconds pass before the files are read again (OPS-09).
    pub reread_seconds: u64,
}

impl KeySettings {
    /// The folders, read again every 30 seconds.
    #[must_use]
    pub const fn new(public: PathBuf, private: PathBuf) -> Self {
        Self { public, private, reread_seconds: 30 }
    }

    /// How long a process uses keys before the process reads the files again.
    #[must_use]
    pub const fn reread(&self) -> Duration {
        Duration::from_secs(self.reread_seconds)
    }
}
