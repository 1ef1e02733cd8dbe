//! Postgres and NATS as private children.

mod find;
mod nats;
mod postgres;

use std::process::{ExitCode, Stdio};

use tokio::process::Command;

pub use find::{Missing, free_port};
pub use nats::Nats;
pub use postgres::{Keeping, Postgres};

use crate::terminal::BoxError;

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
