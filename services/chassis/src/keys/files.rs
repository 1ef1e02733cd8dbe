//! Reads and writes key files: base64 text in files named `<owner>.<kind>` or `<owner>.<number>.<kind>`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{ring::KeyName, secret_file};

/// A key file that cannot be read or written, or holds no usable key.
#[derive(Debug, thiserror::Error)]
#[error("key file {path}: {problem}")]
pub struct KeyError {
    path: PathBuf,
    problem: String,
}

impl KeyError {
    pub(super) fn unusable(path: &Path) -> Self {
        Self { path: path.to_owned(), problem: "no usable key".to_owned() }
    }

    pub(super) fn missing(folder: &Path, owner: &str, kind: &str) -> Self {
        Self { path: folder.join(format!("{owner}.{kind}")), problem: "no key of this name".to_owned() }
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_owned(), problem: error.to_string() }
    }
}

/// The names of all keys of one kind in a folder.
pub(super) fn names(folder: &Path, kind: &str) -> Result<Vec<KeyName>, KeyError> {
    let listing = fs::read_dir(folder).map_err(|error| KeyError::io(folder, &error))?;
    let mut names = Vec::new();
    for entry in listing {
        let path = entry.map_err(|error| KeyError::io(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == kind) {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).and_then(KeyName::parse));
        }
    }
    Ok(names)
}

/// The keys of one kind in a folder; with an `owner`, only that owner's keys.
pub(super) fn read<K>(
    folder: &Path,
    kind: &str,
    owner: Option<&str>,
    parse: impl Fn(&[u8]) -> Option<K>,
) -> Result<Vec<(KeyName, K)>, KeyError> {
    let mut keys = Vec::new();
    for name in names(folder, kind)? {
        if owner.is_none_or(|owner| owner == name.owner) {
            let path = path(folder, &name, kind);
            let text = fs::read_to_string(&path).map_err(|error| KeyError::io(&path, &error))?;
            let key = STANDARD.decode(text.trim()).ok().and_then(|bytes| parse(&bytes));
            keys.push((name, key.ok_or_else(|| KeyError::unusable(&path))?));
        }
    }
    Ok(keys)
}

/// Writes a public key's file, which everybody may read. A reader sees the whole file or no file.
pub(super) fn write_public(folder: &Path, name: &KeyName, kind: &str, bytes: &[u8]) -> Result<(), KeyError> {
    let path = path(folder, name, kind);
    let part = folder.join(format!(".{name}.{kind}.part"));
    fs::write(&part, STANDARD.encode(bytes))
        .and_then(|()| fs::rename(&part, &path))
        .map_err(|error| KeyError::io(&path, &error))
}

/// Writes a private key's file.
pub(super) fn write_private(folder: &Path, name: &KeyName, kind: &str, bytes: &[u8]) -> Result<(), KeyError> {
    let path = path(folder, name, kind);
    secret_file::write(&path, STANDARD.encode(bytes).as_bytes()).map_err(|error| KeyError::io(&path, &error))
}

pub(super) fn remove(folder: &Path, name: &KeyName, kind: &str) -> Result<(), KeyError> {
    let path = path(folder, name, kind);
    fs::remove_file(&path).map_err(|error| KeyError::io(&path, &error))
}

pub(super) fn create_folders(public: &Path, private: &Path) -> Result<(), KeyError> {
    fs::create_dir_all(public).map_err(|error| KeyError::io(public, &error))?;
    secret_file::create_folder(private).map_err(|error| KeyError::io(private, &error))
}

fn path(folder: &Path, name: &KeyName, kind: &str) -> PathBuf {
    folder.join(format!("{name}.{kind}"))
}
