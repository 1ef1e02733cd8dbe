//! Processes that are started again when they die: a log file each, and one clear line for the person who watches.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Command, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::terminal::{BoxError, say};

/// How long a process may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
/// A process that lived this long starts its back-off anew.
const STEADY: Duration = Duration::from_secs(3);

/// Watches over processes until told to stop.
pub struct Supervisor {
    logs: PathBuf,
    pids: PathBuf,
    tasks: TaskTracker,
}

/// A process that is watched.
pub struct Watched {
    /// What it is called.
    pub name: &'static str,
    stop: CancellationToken,
    ended: watch::Receiver<bool>,
}

impl Supervisor {
    /// A supervisor that writes logs to `log` and the ids of what runs to `run`, below a folder.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn new(data: &Path) -> Result<Self, BoxError> {
        let (logs, pids) = (data.join("log"), data.join("run"));
        std::fs::create_dir_all(&logs)?;
        std::fs::create_dir_all(&pids)?;
        Ok(Self { logs, pids, tasks: TaskTracker::new() })
    }

    /// Starts a process, and starts it again whenever it dies. `signal` ends it.
    ///
    /// # Errors
    /// When its log cannot be opened.
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
                    // Ctrl-C at the terminal is for the supervisor alone.
                    .process_group(0)
                    .kill_on_drop(true)
                    .spawn();
                let mut child = match child {
                    Ok(child) => child,
                    Err(error) => {
                        say(format_args!("{name} cannot be started: {error}"));
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
                        if started.elapsed() > STEADY {
                            delay = Duration::from_millis(250);
                        }
                        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                        say(format_args!(
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
                        if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
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
    /// From now on it is not started again; its end is no death.
    pub fn let_go(&self) {
        self.stop.cancel();
    }

    /// Ends the process and waits for its end.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}
