//! What the demo is asked for, and what it tells of itself.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::connection::Connection;

/// Options of `demo`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where the gateway listens; 0: any free port.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Where the mailbox listens; 0: any free port.
    #[arg(long, default_value_t = 8025)]
    pub mailbox_port: u16,
    /// Keep nothing: all data goes with the end.
    #[arg(long)]
    pub ephemeral: bool,
    /// For tests: organisations without example dossiers and accounts.
    #[arg(long)]
    pub bare: bool,
}

/// What is written to `demo.json`, for tests and for the other commands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Demo {
    /// Where pages and JSON are.
    pub gateway: String,
    /// Each organisation's own address.
    pub organisations: Vec<String>,
    /// The mailbox.
    pub mailbox: String,
    /// Postgres, for its superuser: reached from this machine alone.
    pub postgres: String,
    /// Whom one can be.
    pub accounts: Vec<Person>,
    /// Addresses and credentials of the services.
    #[serde(flatten)]
    pub connection: Connection,
}

/// Somebody who can log in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The organisation's key.
    pub organisation: String,
    /// The user name.
    pub username: String,
    /// Where codes by e-mail go.
    pub email: String,
    /// Where codes by SMS go.
    pub phone: String,
    /// Who it is.
    pub description: String,
}
