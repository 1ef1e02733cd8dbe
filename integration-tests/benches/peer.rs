//! Measures the reports page beside the same page by Django, with gunicorn on both cores. Only when asked (`make bench
//! ARGS=django`), because Django is installed from PyPI first.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use integration_tests::System;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpStream;

use crate::{
    harness::{ROUNDS, Report, Row, Target, closed_loop_rate},
    page::{self, Browsers, CONNECTIONS},
    people::People,
    process::free_port,
};

/// Ends with the measurement.
struct Gunicorn(Child);

impl Drop for Gunicorn {
    fn drop(&mut self) {
        // The first process ends its workers at this signal; `kill` would leave them.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn run_command(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Installs Django in a folder of its own; gives the folder with its programs.
fn install(folder: &Path) -> PathBuf {
    let programs = folder.join("bin");
    if !programs.join("gunicorn").exists() {
        run_command(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let packages = ["django==5.2.*", "gunicorn==23.*", "psycopg[binary]==3.2.*"];
        run_command(Command::new(programs.join("pip")).args(["install", "--quiet"]).args(packages));
    }
    programs
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = tokio::task::block_in_place(|| install(&here.join("../target/bench/django")));
    let url = system.facts["postgres"].as_str().unwrap();
    let server: PgConnectOptions = url.parse().unwrap();
    let (host, port) = (server.get_socket().unwrap().clone(), server.get_port().to_string());
    let with_server = |program: &str| {
        let mut command = Command::new(programs.join(program));
        command.current_dir(here.join("benches/django")).env("PGHOST", &host).env("PGPORT", &port);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    let mut make_sessions = with_server("python");
    make_sessions.arg("app.py").arg(people.organisation.to_string());
    make_sessions.args(people.all.iter().map(|person| person.client.to_string()));
    let sessions = tokio::task::block_in_place(|| run_command(&mut make_sessions));
    let sessions: Vec<String> = sessions.lines().map(str::to_owned).collect();
    let address = format!("127.0.0.1:{}", free_port());
    let mut serve = with_server("gunicorn");
    serve.args([
        "app:application",
        "--worker-class=gthread",
        "--workers=2",
        "--threads=8",
        "--keep-alive=60",
    ]);
    let _gunicorn = Gunicorn(serve.arg("--bind").arg(&address).stderr(Stdio::null()).spawn().unwrap());
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let gateway = Browsers::open(system.facts["gateway"].as_str().unwrap(), CONNECTIONS).await;
    let django = Browsers::open(&address, CONNECTIONS).await;
    let (step, sessions) = (Arc::new(AtomicUsize::new(0)), Arc::new(sessions));
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (browsers, sessions, steps) = (django.clone(), Arc::clone(&sessions), Arc::clone(&step));
        floor.push(
            closed_loop_rate(CONNECTIONS, move |caller| {
                let number = steps.fetch_add(1, Ordering::Relaxed);
                let (browsers, sessions) = (browsers.clone(), Arc::clone(&sessions));
                let session = number * 7 % sessions.len();
                async move {
                    browsers.get_as(caller, "/reports", &format!("sessionid={}", sessions[session])).await;
                }
            })
            .await,
        );
        product.push(page::rate(&gateway, people, &step).await);
    }
    report.add(Row {
        name: "reports page, HTML, 20 newest",
        unit: "pages/s",
        against: "Django 5.2, gunicorn with two workers",
        floor,
        product,
        target: Target::AtLeast(7.0),
        cpu_ms: BTreeMap::new(),
    });
}
