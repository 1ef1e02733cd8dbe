//! Changes keys and secrets of the running demo, one kind at a time, while its processes go on: the steps that
//! `deploy/README.md` describes for operators.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chassis::{
    keys::{KeyKind, KeySettings},
    secret, secret_file,
};
use clap::{Args, ValueEnum};
use proto::SERVICES;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    demo::Demo,
    parts::run_sql,
    terminal::{BoxError, print_line},
};

/// How long an old key that signs must stay: longer than a proof, which lives longer than a token, and the leeway
/// of the clocks.
const SIGNED_LIFE: Duration = Duration::from_mins(6);

/// What can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The keys that sign tokens.
    Sign,
    /// The keys that open sealed messages.
    Seal,
    /// The keys that hash passwords and codes.
    Hash,
    /// The keys that chain the audit trails and event logs.
    Trail,
    /// The passwords of the database roles.
    Database,
    /// The passwords of the users on the bus.
    Bus,
}

/// Options of `keys rotate`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Options {
    /// What is changed.
    kind: Kind,
    /// How many seconds a process may take to read a changed file.
    #[arg(long, default_value_t = 35)]
    reread_seconds: u64,
    /// Do not remove the old keys that sign, six minutes after they were used last.
    #[arg(long)]
    keep_old: bool,
}

/// Changes one kind of key or secret.
///
/// # Errors
/// When no demo runs, or a file cannot be written.
pub async fn rotate(data: &Path, options: Options) -> Result<(), BoxError> {
    let reread = Duration::from_secs(options.reread_seconds);
    match options.kind {
        Kind::Sign if options.keep_old => rotate_key(data, KeyKind::Sign, reread).await,
        Kind::Sign => {
            rotate_key(data, KeyKind::Sign, reread).await?;
            print_line(format_args!("waiting until everything that the old keys signed has ended"));
            tokio::time::sleep(SIGNED_LIFE).await;
            let keys = key_settings(data);
            for owner in owners() {
                keys.remove_older(owner, KeyKind::Sign)?;
            }
            print_line(format_args!("the old keys are removed"));
            Ok(())
        }
        Kind::Seal => rotate_key(data, KeyKind::Seal, reread).await,
        Kind::Hash => rotate_key(data, KeyKind::Hash, reread).await,
        Kind::Trail => rotate_key(data, KeyKind::Trail, reread).await,
        Kind::Database => rotate_database(data).await,
        Kind::Bus => rotate_bus(data),
    }
}

fn key_settings(data: &Path) -> KeySettings {
    KeySettings::new(data.join("keys/public"), data.join("keys/private"))
}

fn owners() -> impl Iterator<Item = &'static str> {
    SERVICES.into_iter().chain(["gateway"])
}

/// Writes the next key of every process: first the half that others need, then the half that uses it.
async fn rotate_key(data: &Path, kind: KeyKind, reread: Duration) -> Result<(), BoxError> {
    let (keys, mut halves) = (key_settings(data), Vec::new());
    for owner in owners() {
        halves.push(keys.begin_change(owner, kind)?);
    }
    print_line(format_args!("the new keys are written; waiting until every process has read them"));
    tokio::time::sleep(reread).await;
    for half in halves {
        half.finish()?;
    }
    tokio::time::sleep(reread).await;
    print_line(format_args!("the new keys are in use; the old ones stay, for what was made with them"));
    Ok(())
}

/// Replaces a secret's file. Returns the old secret and the new one.
fn replace_secret(file: &Path) -> Result<(String, String), BoxError> {
    let (old, new) = (fs::read_to_string(file)?, secret::hex(&secret::random::<24>()));
    secret_file::write(file, new.as_bytes())?;
    Ok((old, new))
}

/// First the file, then the database: a service reads the file when the database refuses the old password.
async fn rotate_database(data: &Path) -> Result<(), BoxError> {
    let postgres = Demo::read(data)?.postgres;
    for service in SERVICES {
        for role in ["login", "owner"] {
            let (_, new) = replace_secret(&data.join(format!("secrets/{service}.{role}")))?;
            run_sql(&postgres, &format!("ALTER ROLE {service}_{role} PASSWORD '{new}'")).await?;
        }
    }
    print_line(format_args!("every database role has a new password"));
    Ok(())
}

/// First the files, then the bus: the bus ends the connections of the old passwords, and each process reads its file
/// as it connects again.
fn rotate_bus(data: &Path) -> Result<(), BoxError> {
    let settings: PathBuf = data.join("nats.conf");
    let mut text = fs::read_to_string(&settings)?;
    for user in owners() {
        let (old, new) = replace_secret(&data.join(format!("secrets/{user}.nats")))?;
        text = text.replace(&old, &new);
    }
    secret_file::write(&settings, text.as_bytes())?;
    let pid = fs::read_to_string(data.join("run/nats.pid"))?;
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw).ok_or("run/nats.pid holds no process id")?;
    kill_process(pid, Signal::HUP)?;
    print_line(format_args!("every user on the bus has a new password"));
    Ok(())
}
