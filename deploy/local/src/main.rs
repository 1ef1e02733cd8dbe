#![doc = include_str!("../README.md")]

mod commands;
mod connection;
mod demo;
mod dossiers;
mod mailbox;
mod parts;
mod rotate;
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
    about = "The whole system on one machine, and commands that call its services"
)]
struct Cli {
    /// The folder of data, logs and `demo.json`.
    #[arg(long, global = true, default_value = ".zorgportaal")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything with example data; Ctrl-C ends it.
    Demo(demo::Options),
    /// Run a command, such as the tests, with a temporary Postgres and the path of the NATS server.
    Parts {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
    /// Change the settings of organisations.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Import records. Each line of the file is one ImportRecordsRequest of the contract, as JSON. A refused
    /// line is printed with its field and reason.
    Import {
        /// The file with the records.
        file: PathBuf,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
    /// Look at records.
    #[command(subcommand)]
    Record(RecordCommand),
    /// Register accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Print a service's changes, one line each.
    Feed {
        /// The service whose changes are printed.
        #[arg(value_parser = SERVICES)]
        service: String,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
        /// Print only changes after this position.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// Do not end at the newest change; wait for more.
        #[arg(long)]
        follow: bool,
    },
    /// Check audit trails.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Change the keys and secrets of the running demo.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Replace one kind of key or secret, while the demo goes on.
    Rotate(rotate::Options),
}

#[derive(Subcommand)]
enum OrganisationCommand {
    /// Create an organisation, or change its settings.
    Apply {
        /// The settings of one organisation, as TOML.
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Register an account, with the consent that allows it.
    Register {
        /// One RegisterAccountRequest of the contract, as JSON.
        file: PathBuf,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
}

#[derive(Subcommand)]
enum RecordCommand {
    /// Print one record as JSON. The look is recorded in the audit trail.
    Show {
        /// The id of the record.
        id: String,
        /// The organisation's key.
        #[arg(long)]
        organisation: String,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Check a service's audit trail. The exit code is 1 when a record is missing or changed.
    Verify {
        /// The service whose trail is checked.
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
            Command::Record(RecordCommand::Show { id, organisation }) => {
                commands::show_record(&data, &organisation, id).await
            }
            Command::Feed { service, organisation, after, follow } => {
                commands::show_feed(&data, &organisation, &service, after, follow).await
            }
            Command::Audit(AuditCommand::Verify { service, organisation }) => {
                commands::verify_audit(&data, &organisation, &service).await
            }
            Command::Keys(KeysCommand::Rotate(options)) => {
                rotate::rotate(&data, options).await.map(|()| ExitCode::SUCCESS)
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
