//! Postgres and NATS as private children.

mod nats;
mod postgres;

use std::{net::TcpListener, path::Path, process::ExitCode, process::Stdio};

use tokio::process::Command;

pub use nats::Nats;
pub use postgres::{Keeping, Postgres};

use crate::BoxError;

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

/// Runs a command with a throw-away Postgres at hand and the NATS server's program named; gives the command's exit code.
///
/// # Errors
/// When a part cannot be started.
pub async fn run_with(command: &[String]) -> Result<ExitCode, BoxError> {
    let folder = tempfile::Builder::new().prefix("zorgportaal-parts-").tempdir()?;
    let postgres = Postgres::set_up(folder.path(), Keeping::ThrowAway).await?;
    let mut server = postgres.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    postgres.wait_until_up().await?;
    let (program, arguments) = command.split_first().ok_or(Missing("no command"))?;
    let status = Command::new(program)
        .args(arguments)
        .env("ZORGPORTAAL_TEST_POSTGRES", postgres.superuser_url())
        .env("ZORGPORTAAL_TEST_NATS_SERVER", nats::program()?)
        .status()
        .await;
    postgres.stop().await;
    server.wait().await?;
    postgres.clean_up();
    let code = status?.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// The first file of that name in the folders.
fn find(name: &str, folders: &[impl AsRef<Path>]) -> Option<std::path::PathBuf> {
    folders.iter().map(|folder| folder.as_ref().join(name)).find(|path| path.is_file())
}

/// The folders of `PATH`.
#[expect(clippy::disallowed_methods, reason = "programs are found where the shell finds them")]
fn path_folders() -> Vec<std::path::PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}
