//! Measures memory, idle and after load, and the time from a process's start until it is ready.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::Duration,
};

use chassis::channel;
use integration_tests::{
    System,
    system::{is_whole, programs},
};
use proto::SERVICES;
use tokio::time::Instant;

use crate::harness::{ROUNDS, Report, Row, Target};

fn megabytes(system: &System, process: &str) -> f64 {
    system.memory(process) as f64 / 1_048_576.0
}

fn total_megabytes(system: &System) -> f64 {
    SERVICES.iter().chain(&["gateway"]).map(|process| megabytes(system, process)).sum()
}

fn row(name: &'static str, unit: &'static str, product: Vec<f64>, most: f64) -> Row {
    Row {
        name,
        unit,
        against: "–",
        floor: Vec::new(),
        product,
        target: Target::Below(most),
        cpu_ms: BTreeMap::new(),
    }
}

pub fn idle_memory(system: &System, report: &mut Report) {
    let each = SERVICES.iter().map(|service| megabytes(system, service)).collect();
    report.add(row("memory, idle: each service", "MB", each, 20.0));
    // 120 MB is the target for six processes; four of the six exist today.
    let most = 120.0 * 4.0 / 6.0;
    report.add(row("memory, idle: services and gateway", "MB", vec![total_megabytes(system)], most));
}

pub fn loaded_memory(system: &System, report: &mut Report) {
    // 300 MB, and 19 MiB more for each of the two hashing threads.
    let most = 300.0 + 38.0;
    report.add(row("memory after load: services and gateway", "MB", vec![total_megabytes(system)], most));
}

/// A second process of a program that runs already, on another port. Killed when dropped.
struct SecondProcess(Child);

impl Drop for SecondProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(system: &System, process: &str, port: u16, services: &[(&str, u16)]) -> SecondProcess {
    let mut command = Command::new(programs().join(format!("zorgportaal-{process}")));
    command.arg("--config").arg(system.data().join(format!("config/{process}.toml")));
    command.env("ZORGPORTAAL_LISTEN", format!("127.0.0.1:{port}"));
    for (service, port) in services {
        let name = format!("ZORGPORTAAL_SERVICES__{}", service.to_uppercase());
        command.env(name, format!("http://127.0.0.1:{port}"));
    }
    SecondProcess(command.stdout(Stdio::null()).spawn().unwrap())
}

async fn wait_until_serving(process: &str, port: u16) {
    let address = format!("http://127.0.0.1:{port}");
    loop {
        let ready = if process == "gateway" {
            is_whole(&address).await.is_some()
        } else {
            channel::is_serving(channel::connect(&address).unwrap(), process).await
        };
        if ready {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub async fn cold_start(system: &System, report: &mut Report) {
    let (mut each, mut all) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for service in SERVICES {
            let (port, began) = (free_port(), Instant::now());
            let _copy = start(system, service, port, &[]);
            wait_until_serving(service, port).await;
            each.push(began.elapsed().as_secs_f64());
        }
        let ports = SERVICES.map(|service| (service, free_port()));
        let (port, began) = (free_port(), Instant::now());
        let _copies: Vec<_> =
            ports.iter().map(|(service, port)| start(system, service, *port, &[])).collect();
        let _gateway = start(system, "gateway", port, &ports);
        wait_until_serving("gateway", port).await;
        all.push(began.elapsed().as_secs_f64());
    }
    report.add(row("cold start: each service", "s", each, 0.3));
    report.add(row("cold start: all services and the gateway", "s", all, 2.0));
}
