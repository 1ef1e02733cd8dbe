//! A whole system that one test starts, stops and manipulates.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use proto::SERVICES;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{Ecd, eventually};

/// Allowances that no test reaches: all visitors of a test have one address.
const NO_ALLOWANCES: [(&str, &str); 4] = [
    ("ZORGPORTAAL_ALLOWANCES__LOGIN__BURST", "1000000"),
    ("ZORGPORTAAL_ALLOWANCES__LOGIN__PER_MINUTE", "1000000"),
    ("ZORGPORTAAL_ALLOWANCES__PAGE__BURST", "1000000"),
    ("ZORGPORTAAL_ALLOWANCES__PAGE__PER_MINUTE", "1000000"),
];

/// The processes of a whole system. They end when the `System` is dropped.
pub struct System {
    folder: TempDir,
    demo: Child,
    /// The content of `demo.json`: addresses and credentials.
    pub facts: Value,
}

/// A message that the development mailbox received.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Message {
    /// `email` or `sms`.
    pub kind: String,
    /// The sender's id of the message; a message that is sent twice keeps its id.
    pub id: String,
    /// The recipient's e-mail address or telephone number.
    pub to: String,
    /// The subject; empty for an SMS.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl System {
    /// Starts a system without example dossiers.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a system with settings for its processes, given as environment variables.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Command::new(programs().join("zorgportaal"))
            .args(["demo", "--ephemeral", "--bare", "--port", "0", "--mailbox-port", "0", "--data"])
            .arg(folder.path())
            .envs(NO_ALLOWANCES)
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the programs are built by `make test`");
        let file = folder.path().join("ephemeral/demo.json");
        let facts = eventually("demo.json", async || {
            serde_json::from_str(&std::fs::read_to_string(&file).ok()?).ok()
        })
        .await;
        Self { folder, demo, facts }
    }

    /// The ECD of an organisation.
    #[must_use]
    pub fn ecd(&self, organisation: &str) -> Ecd {
        let services = &self.facts["services"];
        let system = &self.facts["systems"][organisation];
        Ecd::new(services, system)
    }

    /// The address of an organisation's portal, for a browser.
    #[must_use]
    pub fn address(&self, organisation: &str) -> String {
        let port = self.facts["gateway"].as_str().unwrap().rsplit(':').next().unwrap();
        format!("http://{organisation}.localhost:{port}")
    }

    /// Waits until an address has at least `count` messages; gives them, the newest first.
    pub async fn messages(&self, to: &str, count: usize) -> Vec<Message> {
        eventually("a message in the mailbox", async || {
            let messages = self.mailbox(Some(to)).await;
            (messages.len() >= count).then_some(messages)
        })
        .await
    }

    /// The messages in the mailbox now, to one address or to all, the newest first.
    pub async fn mailbox(&self, to: Option<&str>) -> Vec<Message> {
        let url = format!("{}/api/messages", self.facts["mailbox"].as_str().unwrap());
        let request = reqwest::Client::new().get(url.replace("localhost", "127.0.0.1"));
        let request = request.query(&to.map(|to| [("to", to)]).into_iter().flatten().collect::<Vec<_>>());
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Waits for a person's welcome message; gives the first password in it.
    pub async fn welcome_password(&self, to: &str) -> String {
        let message = self.messages(to, 1).await.pop().unwrap();
        rest_of_line(&message.text, "Uw wachtwoord voor de eerste keer: ")
    }

    /// Waits until an address has at least this many messages; gives the login code in the newest one.
    pub async fn code(&self, to: &str, messages: usize) -> String {
        rest_of_line(&self.messages(to, messages).await[0].text, "Uw code: ")
    }

    /// Waits for a new code: ignores the oldest `before` messages, gives the newest code in the others.
    pub async fn code_beyond(&self, to: &str, before: usize) -> String {
        eventually("a code in the mailbox", async || {
            let messages = self.mailbox(Some(to)).await;
            let new = messages.len().saturating_sub(before);
            messages.iter().take(new).find_map(|message| find_code(&message.text))
        })
        .await
    }

    /// Sets the clocks of all processes to so many seconds after the machine's clock. The processes are
    /// killed and start again with the new time.
    pub async fn set_clock_offset(&self, seconds: i64) {
        let processes: Vec<&str> = std::iter::once("gateway").chain(SERVICES).collect();
        self.set_clock_offset_of(&processes, seconds).await;
        eventually("a whole system", async || self.is_whole().await).await;
    }

    /// The same for some processes. They may not serve afterwards: their clocks differ from the others.
    pub async fn set_clock_offset_of(&self, processes: &[&str], seconds: i64) {
        for process in processes {
            let file = self.data().join(format!("config/{process}.toml"));
            let text = std::fs::read_to_string(&file).unwrap();
            let kept: Vec<&str> = text
                .lines()
                .filter(|line| !line.starts_with("environment") && !line.starts_with("clock_offset_seconds"))
                .collect();
            let head = format!("environment = \"test\"\nclock_offset_seconds = {seconds}\n");
            std::fs::write(&file, head + &kept.join("\n")).unwrap();
        }
        let pids = || -> Vec<String> {
            let file = |process| self.data().join(format!("run/{process}.pid"));
            processes
                .iter()
                .map(|process| std::fs::read_to_string(file(process)).unwrap_or_default())
                .collect()
        };
        let before = pids();
        for process in processes {
            self.signal(process, "KILL");
        }
        eventually("all processes at another time", async || {
            let now = pids();
            let all_new = before.iter().zip(&now).all(|(before, now)| before != now && !now.is_empty());
            all_new.then_some(())
        })
        .await;
    }

    /// `Some` when the gateway is ready, reaches every service and receives events.
    pub async fn is_whole(&self) -> Option<()> {
        is_whole(self.facts["gateway"].as_str().unwrap()).await
    }

    /// Sends a signal to a process. The signal's name is one that `kill` knows, such as `STOP`.
    pub fn signal(&self, process: &str, signal: &str) {
        assert!(self.try_signal(process, signal), "kill -{signal} {process}");
    }

    /// The same; gives false when the process is not running.
    #[must_use]
    pub fn try_signal(&self, process: &str, signal: &str) -> bool {
        if process == "postgres" {
            // The pid file can hold the pid of `runuser`, behind which Postgres runs: find Postgres by its
            // port.
            let pattern = format!("postgres -D .* -p {} ", self.postgres_port());
            let sent = Command::new("pkill").args([&format!("-{signal}"), "-f", &pattern]).status();
            return sent.unwrap().success();
        }
        let pid = std::fs::read_to_string(self.data().join(format!("run/{process}.pid"))).unwrap_or_default();
        let sent = Command::new("kill").args([format!("-{signal}"), pid]).stderr(Stdio::null()).status();
        sent.unwrap().success()
    }

    /// Waits until the number of rows in a service's database is `wanted`. `what` is a table, with or without
    /// WHERE.
    pub async fn until_count(&self, service: &str, what: &'static str, wanted: i64) {
        eventually(&format!("{service}: {wanted} of {what}"), async || {
            let counted: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}")))
                    .fetch_one(&mut self.as_superuser(service).await)
                    .await
                    .ok()?;
            (counted == wanted).then_some(())
        })
        .await;
    }

    /// Waits until every service has published all its events.
    pub async fn until_outboxes_are_empty(&self) {
        for service in SERVICES {
            self.until_count(service, "outbox", 0).await;
        }
    }

    /// Waits until all events are published and no delivery waits to be sent.
    pub async fn until_all_mail_is_sent(&self) {
        self.until_outboxes_are_empty().await;
        self.until_count("messaging", "delivery WHERE state = 1", 0).await;
    }

    /// Puts lines at the start of a process's settings; the process is killed and starts again.
    pub async fn add_settings(&self, process: &str, lines: &str) {
        let file = self.data().join(format!("config/{process}.toml"));
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{lines}\n{settings}")).unwrap();
        self.set_clock_offset_of(&[process], 0).await;
        eventually("a whole system", async || self.is_whole().await).await;
    }

    /// Moves the end of every wait after a wrong password by so many minutes, earlier where `minutes` is
    /// negative. A test so starts or ends a wait at once, on any machine.
    pub async fn shift_login_waits(&self, minutes: i32) {
        sqlx::query("UPDATE throttle SET until = until + make_interval(mins => $1)")
            .bind(minutes)
            .execute(&mut self.as_superuser("identity").await)
            .await
            .unwrap();
    }

    /// The CPU seconds that each of our processes, Postgres and NATS has used since its start.
    #[must_use]
    pub fn cpu_seconds(&self) -> BTreeMap<&'static str, f64> {
        let ours = ["identity", "dossier", "messaging", "gateway", "nats"];
        let seconds = ours.map(|process| (process, f64::from(cpu_ticks(self.pid(process))) / 100.0));
        let mut all = BTreeMap::from(seconds);
        let postmaster = self.postmaster();
        let mut ticks = cpu_ticks(postmaster);
        for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let parent = process_stat(pid).and_then(|fields| fields.get(1)?.parse::<u32>().ok());
            if parent == Some(postmaster) {
                ticks += cpu_ticks(pid);
            }
        }
        all.insert("postgres", f64::from(ticks) / 100.0);
        all
    }

    /// The memory of a process in bytes: its own pages, and its share of pages that processes share (PSS).
    #[must_use]
    pub fn memory(&self, process: &str) -> u64 {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid(process))).unwrap();
        let line = rollup.lines().find(|line| line.starts_with("Pss:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    fn pid(&self, process: &str) -> u32 {
        let text = std::fs::read_to_string(self.data().join(format!("run/{process}.pid"))).unwrap();
        text.trim().parse().unwrap()
    }

    fn postmaster(&self) -> u32 {
        let pattern = format!("^[^ ]*postgres -D .* -p {} ", self.postgres_port());
        let found = Command::new("pgrep").args(["-o", "-f", &pattern]).output().unwrap();
        String::from_utf8_lossy(&found.stdout).trim().parse().unwrap()
    }

    fn postgres_port(&self) -> String {
        let url = self.facts["postgres"].as_str().unwrap();
        url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned()
    }

    /// A connection to a service's database as superuser, to whom row-level security does not apply.
    pub async fn as_superuser(&self, service: &str) -> PgConnection {
        let url = self.facts["postgres"].as_str().unwrap();
        let url = format!("{}/{service}", url.rsplit_once('/').unwrap().0);
        eventually("Postgres", async || PgConnection::connect(&url).await.ok()).await
    }

    /// Kills the bus and deletes everything that the bus stored. The supervisor starts the bus again.
    pub fn wipe_bus(&self) {
        self.signal("nats", "KILL");
        let (there, away) = (self.data().join("nats"), self.data().join("nats-wiped"));
        std::fs::rename(there, &away).unwrap();
        std::fs::remove_dir_all(away).unwrap();
    }

    /// Runs a command of a service's program, such as `republish`, with the service's settings.
    #[must_use]
    pub fn service_command(&self, service: &str, arguments: &[&str]) -> std::process::Output {
        Command::new(programs().join(format!("zorgportaal-{service}")))
            .args(arguments)
            .arg("--config")
            .arg(self.data().join(format!("config/{service}.toml")))
            .output()
            .unwrap()
    }

    /// The name and text of each log file.
    #[must_use]
    pub fn logs(&self) -> Vec<(String, String)> {
        let logs = std::fs::read_dir(self.data().join("log")).unwrap().map(|log| log.unwrap().path());
        logs.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
    }

    /// Fails when a log contains one of the secrets.
    pub fn logs_hold_none_of(&self, secrets: &[&str]) {
        let logs = self.logs();
        assert!(logs.len() >= 6, "{} logs", logs.len());
        for (name, text) in logs {
            for secret in secrets {
                assert!(!text.contains(secret), "{name} holds {secret}");
            }
        }
    }

    /// The folder of logs, settings, keys and pid files.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("ephemeral")
    }

    /// Runs a command of `zorgportaal` against this system.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(programs().join("zorgportaal"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .output()
            .unwrap()
    }
}

/// `Some` when the gateway at this address is ready, reaches every service and receives events.
pub async fn is_whole(gateway: &str) -> Option<()> {
    let ready: Value = reqwest::get(format!("{gateway}/healthz/ready")).await.ok()?.json().await.ok()?;
    let has_all = ready["identity"] == true && ready["events"] == true;
    (has_all && ready["away"].as_array()?.is_empty()).then_some(())
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.demo.id().to_string()).status();
        let _ = self.demo.wait();
    }
}

/// The fields of `/proc/<pid>/stat` after the process's name; the first one is the state.
fn process_stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = text.rsplit_once(')')?.1.split_whitespace();
    Some(fields.map(str::to_owned).collect())
}

/// The CPU time of a process in hundredths of a second, including child processes that have ended.
fn cpu_ticks(pid: u32) -> u32 {
    let fields = process_stat(pid).unwrap_or_default();
    fields.iter().skip(11).take(4).filter_map(|field| field.parse::<u32>().ok()).sum()
}

/// The code in a message: in an e-mail after the label, in an SMS at the end, after `#`.
fn find_code(text: &str) -> Option<String> {
    let line = text.split_once("Uw code: ").map(|(_, rest)| rest.lines().next().unwrap_or_default());
    let line = line.or_else(|| text.lines().last()?.split_once(" #").map(|(_, code)| code))?;
    Some(line.trim().to_owned())
}

/// The rest of the line after a label.
fn rest_of_line(text: &str, label: &str) -> String {
    let rest = text.split_once(label).unwrap_or_else(|| panic!("no `{label}` in {text}")).1;
    rest.lines().next().unwrap().trim().to_owned()
}

/// The folder where cargo puts programs. The test's own program is in a folder below it.
#[must_use]
pub fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}
