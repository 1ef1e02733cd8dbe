//! Finds programs and free ports on this machine.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

/// Text for the terminal that says what is missing on this machine, and how to install it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Missing(pub &'static str);

/// A port of this machine that no process uses now.
///
/// # Errors
/// When there is no free port.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The first file with this name in the folders.
pub fn find(name: &str, folders: &[impl AsRef<Path>]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.as_ref().join(name)).find(|path| path.is_file())
}

/// The folders of `PATH`.
#[expect(clippy::disallowed_methods, reason = "PATH is the shell's variable, not a setting of ours")]
pub fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}
