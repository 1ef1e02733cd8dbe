//! A NATS server of the test's own.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use async_nats::jetstream::Context;
use store::stream::{self, NatsSettings};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// A NATS server that a test can kill, restart and wipe. Dropping the bus kills the server.
pub struct Bus {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
    shared: OnceCell<Context>,
}

impl Bus {
    /// Starts a server on a free port.
    #[must_use]
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut bus =
            Self { folder: tempfile::tempdir().unwrap(), port, server: None, shared: OnceCell::new() };
        bus.restart();
        bus
    }

    /// Starts the server again after [`Bus::kill`], with the data on its disk.
    pub fn restart(&mut self) {
        let settings = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            self.port,
            self.folder.path().join("jetstream").display()
        );
        let file = self.folder.path().join("nats.conf");
        std::fs::write(&file, settings).unwrap();
        let server = Command::new(crate::environment("ZORGPORTAAL_TEST_NATS_SERVER"))
            .arg("--config")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
    }

    /// Kills the server, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Deletes all data on the disk of a killed server.
    pub fn wipe(&self) {
        let _ = std::fs::remove_dir_all(self.folder.path().join("jetstream"));
    }

    /// The settings that connect to this server.
    #[must_use]
    pub fn settings(&self) -> NatsSettings {
        NatsSettings {
            url: format!("nats://127.0.0.1:{}", self.port),
            user: String::new(),
            password_file: chassis::secret_file::SecretFile::default(),
            replicas: 1,
        }
    }

    /// A JetStream context on one connection, for a test that publishes much.
    pub async fn shared_context(&self) -> &Context {
        self.shared.get_or_init(|| self.context()).await
    }

    /// A JetStream context on a new connection.
    pub async fn context(&self) -> Context {
        stream::jetstream(self.settings().connect("test").await.unwrap())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.kill();
    }
}
