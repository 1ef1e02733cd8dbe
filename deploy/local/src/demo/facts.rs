//! The options of the demo, and the content of `demo.json`.

use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{connection::Connection, terminal::BoxError};

/// Options of `demo`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The gateway's port; 0 takes any free port.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// The mailbox's port; 0 takes any free port.
    #[arg(long, default_value_t = 8025)]
    pub mailbox_port: u16,
    /// Delete all data when the demo ends.
    #[arg(long)]
    pub ephemeral: bool,
    /// For tests: create the organisations, but no example dossiers and accounts.
    #[arg(long)]
    pub bare: bool,
}

/// The content of `demo.json`, which tests and the other commands read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Demo {
    /// The gateway's address, for pages and JSON.
    pub gateway: String,
    /// The portal's address of each organisation.
    pub organisations: Vec<String>,
    /// The mailbox's address.
    pub mailbox: String,
    /// The URL of Postgres for its superuser. The URL is a local socket, so it works on this machine alone.
    pub postgres: String,
    /// The example accounts that a visitor can log in with.
    pub accounts: Vec<Person>,
    /// Addresses and credentials of the services.
    #[serde(flatten)]
    pub connection: Connection,
}

impl Demo {
    /// Reads `demo.json` in the data folder.
    ///
    /// # Errors
    /// When the file is missing: no demo is running. When the file cannot be parsed.
    pub fn read(data: &Path) -> Result<Self, BoxError> {
        let file = data.join("demo.json");
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{} cannot be read ({error}): is the demo running?", file.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// An example account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The organisation's key.
    pub organisation: String,
    /// The user name.
    pub username: String,
    /// The address that login codes by e-mail go to.
    pub email: String,
    /// The number that login codes by SMS go to.
    pub phone: String,
    /// Name and role, such as "Petra Bos, a daughter of mevrouw A. Bos".
    pub description: String,
}
