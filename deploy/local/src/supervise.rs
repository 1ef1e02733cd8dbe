//! Starts processes again when they die. Each process has a log file; each death prints one line at the
//! terminal.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Command, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::terminal::{BoxError, print_line};

/// How long a process may take to end after its signal, before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// A process that lived longer than this is stable: after its next death the delay is short again.
const STABLE_AFTER: Duration = Duration::from_secs(3);

/// Starts processes and watches them.
pub struct Supervisor {
    logs: PathBuf,
    pids: PathBuf,
    tasks: TaskTracker,
}

/// A process that a supervisor watches.
pub struct Watched {
    /// The process's name.
    pub name: &'static str,
    stop: CancellationToken,
    ended: watch::Receiver<bool>,
}

impl Supervisor {
    /// A supervisor that writes logs to the folder `log` and process ids to the folder `run`, both below
    /// `data`.
    ///
    /// # Errors
    /// When a folder cannot be created.
    pub fn new(data: &Path) -> Result<Self, BoxError> {
        let (logs, pids) = (data.join("log"), data.join("run"));
        std::fs::create_dir_all(&logs)?;
        std::fs::create_dir_all(&pids)?;
        Ok(Self { logs, pids, tasks: TaskTracker::new() })
    }

    /// Starts a process, and starts the process again whenever it dies. `signal` asks the process to end.
    ///
    /// # Errors
    /// When the log file cannot be opened.
    pub fn watch(
        &self,
        name: &'static str,
        signal: Signal,
        command: impl Fn() -> Command + Send + 'static,
    ) -> Result<Watched, BoxError> {
        let path = self.logs.join(format!("{name}.log"));
        let log = OpenOptions::new().create(true).append(true).open(&path)?;
        let stop = CancellationToken::new();
        let pid_file = self.pids.join(format!("{name}.pid"));
        let (ended, ended_seen) = watch::channel(false);
        let token = stop.clone();
        self.tasks.spawn(async move {
            let mut delay = Duration::from_millis(250);
            while !token.is_cancelled() {
                let (Ok(out), Ok(err)) = (log.try_clone(), log.try_clone()) else { break };
                let started = tokio::time::Instant::now();
                let child = command()
                    .stdin(Stdio::null())
                    .stdout(out)
                    .stderr(err)
                    // A process group of its own: Ctrl-C reaches the supervisor alone, which stops all in
                    // order.
                    .process_group(0)
                    .kill_on_drop(true)
                    .spawn();
                let mut child = match child {
                    Ok(child) => child,
                    Err(error) => {
                        print_line(format_args!("{name} cannot be started: {error}"));
                        tokio::select! {
                            () = tokio::time::sleep(delay) => {}
                            () = token.cancelled() => {}
                        }
                        delay = (delay * 2).min(Duration::from_secs(10));
                        continue;
                    }
                };
                if let Some(pid) = child.id() {
                    let _ = std::fs::write(&pid_file, pid.to_string());
                }
                tokio::select! {
                    status = child.wait() => {
                        let _ = std::fs::remove_file(&pid_file);
                        if started.elapsed() > STABLE_AFTER {
                            delay = Duration::from_millis(250);
                        }
                        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                        print_line(format_args!(
                            "{name} died ({how}); it starts again in {} ms; see {}",
                            delay.as_millis(),
                            path.display()
                        ));
                        tokio::select! {
                            () = tokio::time::sleep(delay) => {}
                            () = token.cancelled() => {}
                        }
                        delay = (delay * 2).min(Duration::from_secs(10));
                    }
                    () = token.cancelled() => {
                        if let Some(id) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
                            let _ = kill_process(id, signal);
                        }
                        if tokio::time::timeout(STOP_LIMIT, child.wait()).await.is_err() {
                            let _ = child.kill().await;
                        }
                        let _ = std::fs::remove_file(&pid_file);
                    }
                }
            }
            ended.send_replace(true);
        });
        Ok(Watched { name, stop, ended: ended_seen })
    }
}

impl Watched {
    /// Sends the signal that ends the process, and does not wait. The process is not started again.
    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Ends the process and waits until it has ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}
