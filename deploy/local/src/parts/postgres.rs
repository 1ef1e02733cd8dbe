//! A Postgres of this demo alone. Its data is below the data folder. Postgres refuses to run as root: when
//! this program runs as root, the user `postgres` runs the server and owns the data, elsewhere.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::geteuid;
use tokio::{io::AsyncWriteExt, process::Command};

use super::find::{Missing, find, free_port, path_folders};
use crate::terminal::BoxError;

const SERVICE: &str = include_str!("../../../postgres/service.sql");

/// How long the data is kept, and whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// The data is kept for the next start; every commit waits for the disk.
    Permanent,
    /// The data is deleted at the end; every commit waits for the disk, so that tests can kill Postgres.
    Temporary,
    /// The data is deleted at the end; no commit waits for the disk, and any user of this machine may log in, except
    /// as a member of the role `checks_password`.
    /// For tests of services, which do not kill Postgres.
    TemporaryUnsynced,
}

/// A Postgres whose data folder exists. [`Postgres::command`] starts the server.
#[derive(Clone, Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    storage: Storage,
}

impl Postgres {
    /// Creates the data where it is missing, and chooses a free port.
    ///
    /// # Errors
    /// When Postgres's programs are missing or the data cannot be created: the error says which.
    pub async fn set_up(folder: &Path, storage: Storage) -> Result<Self, BoxError> {
        let programs = programs()?;
        let folder = prepare_folder(folder, storage)?;
        let postgres = Self { programs, folder, port: free_port()?, storage };
        if !postgres.data().join("PG_VERSION").exists() {
            postgres.initialise().await?;
        }
        if postgres.data().join("postmaster.pid").exists() {
            // A killed demo left its server running: end the server, or the new one cannot open the data.
            postgres.stop().await;
        }
        Ok(postgres)
    }

    async fn initialise(&self) -> Result<(), BoxError> {
        let hosts = if self.storage == Storage::TemporaryUnsynced { "trust" } else { "scram-sha-256" };
        let status = self
            .as_owner("initdb")
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .args(["--auth-local=trust".to_owned(), format!("--auth-host={hosts}")])
            .arg("--pgdata")
            .arg(self.data())
            .stdout(Stdio::null())
            .status()
            .await?;
        if !status.success() {
            return Err(Box::new(Missing("initdb failed: is the disk full?")));
        }
        if self.storage == Storage::TemporaryUnsynced {
            // A test of passwords makes its role a member of this role.
            let file = self.data().join("pg_hba.conf");
            let rules = fs::read_to_string(&file)?;
            fs::write(file, format!("local all +checks_password scram-sha-256\n{rules}"))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A program of Postgres, run as the user that owns the data.
    fn as_owner(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
            command
        } else {
            Command::new(program)
        }
    }

    /// The command that runs the server in the foreground.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = self.as_owner("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(&self.folder).arg("-p").arg(self.port.to_string());
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"]);
        command.args(["-c", "log_min_messages=warning"]);
        if self.storage == Storage::TemporaryUnsynced {
            command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        command
    }

    /// Waits until the server accepts connections.
    ///
    /// # Errors
    /// When the server does not accept one within 20 seconds.
    pub async fn wait_until_up(&self) -> Result<(), BoxError> {
        for _ in 0..200 {
            let up = Command::new(self.programs.join("pg_isready"))
                .arg("-h")
                .arg(&self.folder)
                .args(["-p", &self.port.to_string(), "-q"])
                .status()
                .await?;
            if up.success() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Box::new(Missing("Postgres does not start: see its log")))
    }

    /// Stops the server, also one that an earlier demo started. Commits are kept.
    pub async fn stop(&self) {
        let stopped = self
            .as_owner("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .args(["-m", "fast", "-w", "-t", "20", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        let file = self.data().join("postmaster.pid");
        if !stopped.is_ok_and(|status| status.success())
            && let Some(pid) =
                fs::read_to_string(&file).ok().and_then(|text| Some(text.lines().next()?.to_owned()))
            && !Path::new("/proc").join(pid.trim()).exists()
        {
            // The server has died and left this file, which would stop the next start. The file of a live
            // server stays: two servers must never open the same data.
            let _ = fs::remove_file(file);
        }
    }

    /// Deletes the data, unless it is permanent.
    pub fn clean_up(&self) {
        if self.storage != Storage::Permanent {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    /// The superuser's URL, over the local socket.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        let mut host = String::new();
        for byte in self.folder.as_os_str().as_encoded_bytes() {
            let _ = write!(host, "%{byte:02X}");
        }
        format!("postgres://postgres@{host}:{}/postgres", self.port)
    }

    /// The URL of a service's database for one of the service's roles, without a password.
    #[must_use]
    pub fn url(&self, service: &str, role: &str) -> String {
        format!("postgres://{service}_{role}@127.0.0.1:{}/{service}", self.port)
    }

    /// Creates a service's roles and database, unless the database exists.
    ///
    /// # Errors
    /// When `psql` fails.
    pub async fn create_service(
        &self,
        service: &str,
        owner_password: &str,
        login_password: &str,
    ) -> Result<(), BoxError> {
        let exists = self.psql(&format!("SELECT 1 FROM pg_database WHERE datname = '{service}'")).await?;
        if exists.trim() == "1" {
            return Ok(());
        }
        let script = SERVICE
            .replace("{service}", service)
            .replace("{owner_password}", owner_password)
            .replace("{login_password}", login_password);
        self.psql(&script).await.map(drop)
    }

    async fn psql(&self, script: &str) -> Result<String, BoxError> {
        run_sql(&self.superuser_url(), script).await
    }
}

/// Runs a script on the database of a URL. Returns what the script prints.
///
/// # Errors
/// When `psql` is missing, or a statement fails.
pub async fn run_sql(url: &str, script: &str) -> Result<String, BoxError> {
    let mut psql = Command::new(programs()?.join("psql"))
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = psql.stdin.take() {
        input.write_all(script.as_bytes()).await?;
    }
    let output = psql.wait_with_output().await?;
    if !output.status.success() {
        return Err(Box::new(Missing("psql failed: see above")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The folder with the newest installed server programs.
fn programs() -> Result<PathBuf, Missing> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    let version = |folder: &PathBuf| -> u32 {
        let name = folder.parent().and_then(|parent| parent.file_name()?.to_str()?.parse().ok());
        name.unwrap_or(0)
    };
    folders.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    folders.extend(path_folders());
    find("initdb", &folders)
        .and_then(|initdb| initdb.parent().map(Path::to_owned))
        .ok_or(Missing("no Postgres server programs: install Debian's package `postgresql` (15 or newer)"))
}

/// Creates the folder for the data: below the data folder, or, as root, a folder that the user `postgres`
/// owns.
fn prepare_folder(folder: &Path, storage: Storage) -> Result<PathBuf, BoxError> {
    if !geteuid().is_root() {
        let folder = folder.join("postgres");
        fs::create_dir_all(&folder)?;
        return Ok(folder);
    }
    let hash = chassis::secret::sha256(&[folder.as_os_str().as_encoded_bytes()]);
    let name = format!("zorgportaal-{}", chassis::secret::hex(hash.get(..6).unwrap_or_default()));
    let parent = if storage == Storage::Permanent { "/var/lib/postgresql" } else { "/tmp" };
    let place = Path::new(parent).join(name);
    fs::create_dir_all(&place)?;
    let owned = std::process::Command::new("chown").arg("postgres:postgres").arg(&place).status()?;
    if owned.success() { Ok(place) } else { Err(Box::new(Missing("the user postgres does not exist"))) }
}
