//! The processes of the demo: their settings files, and the order in which they start and stop.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use chassis::{keys::KeySettings, secret, secret_file};
use proto::SERVICES;
use rustix::process::Signal;
use serde::Serialize;
use tokio::process::Command;

use super::facts::Options;
use crate::{
    connection::Connection,
    mailbox::Addresses,
    parts::{Nats, Postgres, Storage, free_port},
    supervise::{Supervisor, Watched},
    terminal::BoxError,
};

/// All processes of a running demo.
pub struct Processes {
    /// The gateway's address.
    pub gateway: String,
    /// Addresses and credentials of the services.
    pub connection: Connection,
    postgres: Postgres,
    watched: Vec<Watched>,
}

/// The settings file of one process: only the settings that differ from `config.default.toml`.
#[derive(Serialize)]
struct Settings {
    listen: String,
    environment: &'static str,
    worker_threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_secret_file: Option<PathBuf>,
    keys: Keys,
    nats: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    postgres: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    services: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp: Option<Smtp>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sms: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Keys {
    public: PathBuf,
    private: PathBuf,
}

#[derive(Serialize)]
struct Smtp {
    host: &'static str,
    port: u16,
    encryption: &'static str,
}

/// Reads a secret of the deployment; creates the secret at the first start. Gives its file and its text.
fn read_or_create_secret(folder: &Path, name: &str) -> Result<(PathBuf, String), BoxError> {
    secret_file::create_folder(folder)?;
    let file = folder.join(name);
    if !file.exists() {
        secret_file::write(&file, secret::hex(&secret::random::<24>()).as_bytes())?;
    }
    let text = fs::read_to_string(&file)?;
    Ok((file, text))
}

/// The program of one of our crates: cargo puts it in the same folder as this program.
fn program(name: &str) -> Result<PathBuf, BoxError> {
    let program = std::env::current_exe()?.with_file_name(format!("zorgportaal-{name}"));
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not built: run `make build`", program.display()).into())
    }
}

impl Processes {
    /// Starts every process after the processes that it needs. If one fails, the started ones are stopped.
    pub async fn start(data: &Path, options: &Options, mailbox: &Addresses) -> Result<Self, BoxError> {
        let port = if options.port == 0 { free_port()? } else { options.port };
        let listen = format!("127.0.0.1:{port}");
        drop(
            std::net::TcpListener::bind(&listen)
                .map_err(|error| format!("port {port} is taken ({error}); choose another with --port"))?,
        );
        let storage = if options.ephemeral { Storage::Temporary } else { Storage::Permanent };
        let postgres = Postgres::set_up(data, storage).await?;
        let mut watched = Vec::new();
        match Self::start_all(data, mailbox, &postgres, listen, &mut watched).await {
            Ok(connection) => {
                Ok(Self { gateway: format!("http://127.0.0.1:{port}"), connection, postgres, watched })
            }
            Err(error) => {
                stop(watched, &postgres).await;
                Err(error)
            }
        }
    }

    async fn start_all(
        data: &Path,
        mailbox: &Addresses,
        postgres: &Postgres,
        listen: String,
        watched: &mut Vec<Watched>,
    ) -> Result<Connection, BoxError> {
        let secrets = data.join("secrets");
        let keys = KeySettings::new(data.join("keys/public"), data.join("keys/private"));
        for name in SERVICES.iter().chain(&["gateway"]) {
            keys.generate(name)?;
        }
        let supervisor = Supervisor::new(data)?;
        let server = postgres.clone();
        watched.push(supervisor.watch("postgres", Signal::INT, move || server.command())?);

        let mut users = Vec::new();
        for name in SERVICES.iter().chain(&["gateway"]) {
            users.push((*name, read_or_create_secret(&secrets, &format!("{name}.nats"))?.1));
        }
        let nats = Nats::set_up(data, &users)?;
        let bus = nats.clone();
        watched.push(supervisor.watch("nats", Signal::TERM, move || bus.command())?);
        postgres.wait_until_up().await?;

        let (operator_file, operator_secret) = read_or_create_secret(&secrets, "operator")?;
        let mut connection = Connection { operator_secret, ..Connection::default() };
        let folder = data.join("config");
        fs::create_dir_all(&folder)?;
        let common_settings = |name: &str, listen: String| -> Result<Settings, BoxError> {
            let (password, _) = read_or_create_secret(&secrets, &format!("{name}.nats"))?;
            Ok(Settings {
                listen,
                environment: "development",
                worker_threads: 2,
                operator_secret_file: None,
                keys: Keys { public: keys.public.clone(), private: keys.private.clone() },
                nats: BTreeMap::from([
                    ("url", nats.url()),
                    ("user", name.to_owned()),
                    ("password_file", password.display().to_string()),
                ]),
                postgres: BTreeMap::new(),
                services: BTreeMap::new(),
                smtp: None,
                sms: BTreeMap::new(),
            })
        };
        for name in SERVICES {
            let (_, owner) = read_or_create_secret(&secrets, &format!("{name}.owner"))?;
            let (login_file, login) = read_or_create_secret(&secrets, &format!("{name}.login"))?;
            postgres.create_service(name, &owner, &login).await?;
            let address = format!("127.0.0.1:{}", free_port()?);
            connection.services.insert(name.to_owned(), format!("http://{address}"));
            let mut settings = common_settings(name, address)?;
            settings.postgres = BTreeMap::from([
                ("url", postgres.url(name, "login")),
                ("password_file", login_file.display().to_string()),
            ]);
            if name == "identity" {
                settings.operator_secret_file = Some(operator_file.clone());
            }
            if name == "messaging" {
                settings.smtp = Some(Smtp { host: "127.0.0.1", port: mailbox.smtp, encryption: "none" });
                settings.sms = BTreeMap::from([("url", format!("http://127.0.0.1:{}/sms", mailbox.http))]);
            }
            let file = write_settings(&folder, name, &settings)?;
            migrate(postgres, name, &secrets, &file).await?;
            watched.push(watch(&supervisor, name, file)?);
        }
        let mut settings = common_settings("gateway", listen)?;
        settings.services = connection.services.clone();
        let file = write_settings(&folder, "gateway", &settings)?;
        watched.push(watch(&supervisor, "gateway", file)?);
        Ok(connection)
    }

    /// The URL of Postgres for its superuser.
    #[must_use]
    pub fn postgres_url(&self) -> String {
        self.postgres.superuser_url()
    }

    /// Stops all processes, the last started one first.
    pub async fn stop(self) {
        stop(self.watched, &self.postgres).await;
    }
}

/// Stops the started processes, the last started one first.
async fn stop(watched: Vec<Watched>, postgres: &Postgres) {
    for watched in watched.into_iter().rev() {
        watched.begin_stop();
        if watched.name == "postgres" {
            // As root, Postgres runs behind `runuser`. A signal would end `runuser` alone: use `pg_ctl`.
            postgres.stop().await;
        }
        watched.stop().await;
    }
    postgres.clean_up();
}

fn write_settings(folder: &Path, name: &str, settings: &Settings) -> Result<PathBuf, BoxError> {
    let file = folder.join(format!("{name}.toml"));
    fs::write(&file, toml::to_string(settings)?)?;
    Ok(file)
}

fn watch(supervisor: &Supervisor, name: &'static str, file: PathBuf) -> Result<Watched, BoxError> {
    let program = program(name)?;
    supervisor.watch(name, Signal::TERM, move || {
        let mut command = Command::new(&program);
        command.arg("--config").arg(&file);
        command
    })
}

/// Runs a service's migrations, as the owner of its database.
async fn migrate(postgres: &Postgres, name: &str, secrets: &Path, file: &Path) -> Result<(), BoxError> {
    let status = Command::new(program(name)?)
        .arg("migrate")
        .arg("--config")
        .arg(file)
        .env("ZORGPORTAAL_POSTGRES__URL", postgres.url(name, "owner"))
        .env("ZORGPORTAAL_POSTGRES__PASSWORD_FILE", secrets.join(format!("{name}.owner")))
        .env("ZORGPORTAAL_TELEMETRY__LOG", "warn")
        .status()
        .await?;
    if status.success() { Ok(()) } else { Err(format!("the database of {name} cannot be migrated").into()) }
}
