//! A secret that an operator gives as a file. The file is read at each use, so that a new secret needs no
//! restart (OPS-09).

use std::{fs, io, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

/// The path of a file that holds a secret; an empty path: there is no secret.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// The file at this path.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The secret that the file holds now, without spaces around it; `None` for an empty path.
    ///
    /// # Errors
    /// When the file cannot be read. The error names the file.
    pub fn read(&self) -> io::Result<Option<SecretString>> {
        if self.0.as_os_str().is_empty() {
            return Ok(None);
        }
        let text = fs::read_to_string(&self.0)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.0.display())))?;
        Ok(Some(text.trim().to_owned().into()))
    }
}
