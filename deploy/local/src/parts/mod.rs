//! Postgres and NATS as child processes of this program, which nothing else uses.

mod find;
mod nats;
mod postgres;

use std::process::{ExitCode, Stdio};

use tokio::process::Command;

pub use find::{Missing, free_port};
pub use nats::Nats;
pub use postgres::{Postgres, Storage, run_sql};

use crate::terminal::BoxError;

/// Runs a command with a temporary Postgres and gives the command's exit code. Two environment variables tell
/// the command the URL of Postgres and the path of the NATS server, which the command starts by itself.
///
/// # Errors
/// When Postgres or the command cannot be started, or the NATS server is missing.
pub async fn run_with(command: &[String]) -> Result<ExitCode, BoxError> {
    let folder = tempfile::Builder::new().prefix("zorgportaal-parts-").tempdir()?;
    let postgres = Postgres::set_up(folder.path(), Storage::TemporaryUnsynced).await?;
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
