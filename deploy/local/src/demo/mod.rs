//! The whole system on this machine: Postgres, NATS, services, gateway and mailbox, filled with examples.

mod facts;
mod processes;
mod seed;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chassis::{Clock, shutdown};
use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

pub use self::facts::{Demo, Options};
use self::processes::Processes;
use crate::{
    mailbox,
    terminal::{BoxError, print_line},
};

/// How long the system may take until it is ready.
const READY_LIMIT: Duration = Duration::from_mins(1);

/// Starts everything, prints addresses and accounts, and runs until Ctrl-C.
///
/// # Errors
/// When a program is missing, a port is taken or a process fails: the error names which.
pub async fn run(data: PathBuf, options: Options) -> Result<(), BoxError> {
    let data = if options.ephemeral { data.join("ephemeral") } else { data };
    if options.ephemeral && data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;
    end_leftovers(&data);
    let stop = shutdown::on_signal()?;
    let mailbox_stop = CancellationToken::new();
    let caught = data.join("mailbox.jsonl");
    let mailbox = mailbox::start(caught, options.mailbox_port, mailbox_stop.clone()).await?;
    let started = Processes::start(&data, &options, &mailbox).await;
    let processes = match started {
        Ok(processes) => processes,
        Err(error) => {
            mailbox_stop.cancel();
            return Err(error);
        }
    };
    let served = tokio::select! {
        ready = finish_start(&data, &options, &processes, mailbox.http) => match ready {
            Ok(()) => { stop.cancelled().await; Ok(()) }
            Err(error) => Err(error),
        },
        () = stop.cancelled() => Ok(()),
    };
    print_line("stopping");
    processes.stop().await;
    mailbox_stop.cancel();
    let _ = std::fs::remove_file(data.join("demo.json"));
    if options.ephemeral {
        let _ = std::fs::remove_dir_all(&data);
    }
    served
}

/// Ends processes that a killed demo left running: they would keep the ports and the bus's files in use.
fn end_leftovers(data: &Path) {
    let Ok(left) = std::fs::read_dir(data.join("run")) else { return };
    for file in left.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let Ok(pid) = text.trim().parse::<u32>() else { continue };
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_ours = String::from_utf8_lossy(&command).contains(&*data.to_string_lossy());
        if is_ours && let Some(id) = Pid::from_raw(pid.cast_signed()) {
            print_line(format_args!("{name} is still running from an earlier demo; ending it"));
            let _ = kill_process(id, Signal::TERM);
            for _ in 0..100 {
                if !Path::new(&format!("/proc/{pid}")).exists() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

async fn finish_start(
    data: &Path,
    options: &Options,
    processes: &Processes,
    mailbox: u16,
) -> Result<(), BoxError> {
    wait_until_ready(&processes.gateway).await?;
    let mut demo = Demo {
        gateway: processes.gateway.clone(),
        mailbox: format!("http://localhost:{mailbox}"),
        connection: processes.connection.clone(),
        ..Demo::default()
    };
    seed::fill(data, &mut demo, options.bare, &Clock::machine()).await?;
    demo.postgres = processes.postgres_url();
    // Written last and then renamed: a program that waits for `demo.json` never reads half a file.
    let file = data.join("demo.json");
    std::fs::write(file.with_extension("new"), serde_json::to_string_pretty(&demo)?)?;
    std::fs::rename(file.with_extension("new"), &file)?;
    print_line(ready_text(&demo));
    Ok(())
}

async fn wait_until_ready(gateway: &str) -> Result<(), BoxError> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let url = format!("{gateway}/healthz/ready");
    let ready = async {
        loop {
            if is_whole(&http, &url).await.is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(READY_LIMIT, ready)
        .await
        .map_err(|_| "the system is not ready after a minute: see the logs in .zorgportaal/log".into())
}

/// What the gateway says of its readiness.
#[derive(serde::Deserialize)]
struct Readiness {
    identity: bool,
    events: bool,
    away: Vec<String>,
}

/// `Some` when the gateway is ready, reaches every service and receives events.
async fn is_whole(http: &reqwest::Client, url: &str) -> Option<()> {
    let ready: Readiness = http.get(url).send().await.ok()?.json().await.ok()?;
    (ready.identity && ready.events && ready.away.is_empty()).then_some(())
}

fn ready_text(demo: &Demo) -> String {
    let mut lines = vec![String::new(), "Zorgportaal is ready.".to_owned(), String::new()];
    for address in &demo.organisations {
        lines.push(format!("  {address}"));
    }
    lines.push(format!("  mailbox: {}   (every e-mail and SMS)", demo.mailbox));
    if !demo.accounts.is_empty() {
        lines.push(String::new());
        lines.push("You can log in as:".to_owned());
    }
    for person in &demo.accounts {
        lines.push(format!("  {:<14} {:<34} {}", person.organisation, person.username, person.description));
    }
    if !demo.accounts.is_empty() {
        lines.push(String::new());
        lines.push(
            "The first password is in the welcome mail in the mailbox; so is each login code.".to_owned(),
        );
    }
    lines.push("Ctrl-C ends it.".to_owned());
    lines.join("\n")
}
