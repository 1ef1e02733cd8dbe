#![doc = include_str!("../README.md")]

mod commands;
mod connection;
mod demo;
mod dossiers;
mod mailbox;
mod parts;
mod supervise;
mod terminal;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use proto::SERVICES;

use self::terminal::BoxError;

#[derive(Parser)]
#[command(
    name = "zorgportaal",
    version,
    about = "The whole system on one machine, and a gRPC client for people"
)]
struct Cli {
    /// Where data, logs and `demo.json` are.
    #[arg(long, global = true, default_value = ".zorgportaal")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything with example data; ends with Ctrl-C.
    Demo(demo::Options),
    /// Run a command with a throw-away Postgres and a NATS server at hand.
    Parts {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
    /// Settings of organisations.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Import records, one JSON document a line: the contract's ImportRecordsRequest. A refused line is printed with its
    /// field and reason.
    Import {
        /// The file.
        file: PathBuf,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
    /// Accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Show a service's changes, one line each.
    Feed {
        /// The service.
        #[arg(value_parser = SERVICES)]
        service: String,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
        /// Show what came after this position.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// Wait for more.
        #[arg(long)]
        follow: bool,
    },
    /// Audit trails.
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Subcommand)]
enum OrganisationCommand {
    /// Apply a settings file.
    Apply {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Register an account with the consent that it rests on.
    Register {
        /// The registration as JSON: the contract's RegisterAccountRequest.
        file: PathBuf,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Check a service's trail; fails where it does not hold.
    Verify {
        /// The service.
        #[arg(value_parser = SERVICES)]
        service: String,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let run = async {
        let data = std::path::absolute(&cli.data)?;
        match cli.command {
            Command::Demo(options) => demo::run(data, options).await.map(|()| ExitCode::SUCCESS),
            Command::Parts { command } => parts::run_with(&command).await,
            Command::Organisation(OrganisationCommand::Apply { file }) => {
                commands::apply_organisation(&data, &file).await
            }
            Command::Import { file, organisation } => {
                commands::import_file(&data, &organisation, &file).await
            }
            Command::Account(AccountCommand::Register { file, organisation }) => {
                commands::register_account(&data, &organisation, &file).await
            }
            Command::Feed { service, organisation, after, follow } => {
                commands::show_feed(&data, &organisation, &service, after, follow).await
            }
            Command::Audit(AuditCommand::Verify { service, organisation }) => {
                commands::verify_audit(&data, &organisation, &service).await
            }
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error: BoxError| {
        eprintln!("zorgportaal: {}", chassis::failure::chain(&*error));
        ExitCode::FAILURE
    })
}
