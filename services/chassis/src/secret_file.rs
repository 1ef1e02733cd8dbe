//! A secret that an operator gives as a file. The file is read at each use, so that a new secret needs no
//! restart (OPS-09).

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::Deserialize;

/// Writes a secret to a file that its owner alone may read. A reader sees the whole file or no file.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, secret: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    let _ = fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(secret)?;
    fs::rename(&part, path)
}

/// Makes a folder for secrets, with those above it, that its owner alone may open.
///
/// # Errors
/// When the folder cannot be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap().path().join("keys/private");
        create_folder(&folder).unwrap();
        let file = folder.join("identity.sign");
        for secret in ["first", "second"] {
            write(&file, secret.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), secret);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    }
}
