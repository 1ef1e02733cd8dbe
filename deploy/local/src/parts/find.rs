//! Programs and ports of this machine.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

/// Something that is missing on this machine, and how to get it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Missing(pub &'static str);

/// A free port of this machine.
///
/// # Errors
/// When there is none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The first file of that name in the folders.
pub fn find(name: &str, folders: &[impl AsRef<Path>]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.as_ref().join(name)).find(|path| path.is_file())
}

/// The folders of `PATH`.
#[expect(clippy::disallowed_methods, reason = "programs are found where the shell finds them")]
pub fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}
