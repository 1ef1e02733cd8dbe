//! Measures the reports page through the gateway, beside pgbench with the same query, and beside one process
//! that queries and renders by itself.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write as _,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::Path, response::Html, routing::get};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use integration_tests::System;
use tokio::{net::TcpStream, sync::Mutex};

use crate::{
    harness::{ROUNDS, Report, Row, TURN, Target, closed_loop_rate, cpu_ms},
    people::People,
    tenant,
};

/// The number of connections, each of which waits for its answer before it asks again.
const CONNECTIONS: usize = 16;

/// HTTP connections, one for each caller.
#[derive(Clone)]
pub struct Browsers(Arc<Vec<Mutex<http1::SendRequest<Empty<Bytes>>>>>);

impl Browsers {
    pub async fn open(address: &str, count: usize) -> Self {
        let address = address.trim_start_matches("http://");
        let mut open = Vec::new();
        for _ in 0..count {
            let socket = TcpStream::connect(address).await.unwrap();
            socket.set_nodelay(true).unwrap();
            let (sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
            tokio::spawn(connection);
            open.push(Mutex::new(sender));
        }
        Self(Arc::new(open))
    }

    /// Gets a page. Fails, and so ends the measurement, when the answer is not a page with reports.
    pub async fn get(&self, caller: usize, path: &str, session: &str) {
        let request = hyper::Request::get(path)
            .header("host", "thuisgenoten.localhost")
            .header("cookie", format!("__Host-session={session}"))
            .body(Empty::new())
            .unwrap();
        let mut sender = self.0[caller % self.0.len()].lock().await;
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.len() > 10_000, "{}", body.len());
    }
}

/// Starts one process that renders twenty reports from the same tenant transaction, without gateway, gRPC,
/// session and audit; gives its address.
async fn one_process(system: &System, people: &People) -> String {
    let (db, people) = (tenant::dossier_db(system, 8), Arc::new(people.clone()));
    let page = move |Path(client): Path<uuid::Uuid>| {
        let (db, people) = (db.clone(), Arc::clone(&people));
        async move {
            let mut page = String::from(
                "<!doctype html><html lang=nl><title>Rapportages</title><main><h1>Rapportages</h1>",
            );
            for text in tenant::report_texts(&db, &people, client).await {
                let text = text.replace('&', "&amp;").replace('<', "&lt;");
                let _ = write!(page, "<article><p>{text}</p></article>");
            }
            Ok::<_, Infallible>(Html(page + "</main></html>"))
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router: Router = Router::new().route("/{client}", get(page));
    let listener = axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Transactions per second of pgbench: the query is prepared, eight connections, each time a random client's
/// reports.
fn pgbench(system: &System, people: &People) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("page.sql");
    let ids: Vec<String> = people.all.iter().map(|person| format!("'{}'", person.client)).collect();
    let query = tenant::QUERY
        .replace("$1", &format!("'{}'", people.organisation))
        .replace("$2", &format!("(ARRAY[{}]::uuid[])[:n]", ids.join(",")));
    let text = format!("\\set n random(1, {})\n{};\n", ids.len(), query.replace('\n', " "));
    std::fs::write(&script, text).unwrap();
    let url = system.facts["postgres"].as_str().unwrap();
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-c", "8", "-j", "1", "-T", &TURN.as_secs().to_string(), "-f"])
        .arg(&script)
        .arg(format!("{}/dossier", url.rsplit_once('/').unwrap().0))
        .output()
        .expect("pgbench comes with Postgres");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().find(|line| line.starts_with("tps = ")).unwrap_or_else(|| panic!("{output:?}"));
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}

/// Pages per second through the gateway.
pub async fn rate(browsers: &Browsers, people: &People, step: &Arc<AtomicUsize>) -> f64 {
    let (browsers, people, step) = (browsers.clone(), Arc::new(people.clone()), Arc::clone(step));
    closed_loop_rate(CONNECTIONS, move |caller| {
        let (browsers, people) = (browsers.clone(), Arc::clone(&people));
        let number = step.fetch_add(1, Ordering::Relaxed);
        async move { browsers.get(caller, "/reports", &people.at_step(number).session).await }
    })
    .await
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let gateway = Browsers::open(system.facts["gateway"].as_str().unwrap(), CONNECTIONS).await;
    let single = Browsers::open(&one_process(system, people).await, CONNECTIONS).await;
    let step = Arc::new(AtomicUsize::new(0));
    let (mut by_pgbench, mut by_one, mut product, mut cpu) =
        (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    for _ in 0..ROUNDS {
        by_pgbench.push(tokio::task::block_in_place(|| pgbench(system, people)));
        let (browsers, everyone, steps) = (single.clone(), Arc::new(people.clone()), Arc::clone(&step));
        by_one.push(
            closed_loop_rate(CONNECTIONS, move |caller| {
                let browsers = browsers.clone();
                let client = everyone.at_step(steps.fetch_add(1, Ordering::Relaxed)).client;
                async move { browsers.get(caller, &format!("/{client}"), "").await }
            })
            .await,
        );
        let before = system.cpu_seconds();
        let pages = rate(&gateway, people, &step).await;
        cpu = cpu_ms(&before, &system.cpu_seconds(), pages * TURN.as_secs_f64());
        product.push(pages);
    }
    let row = |against, floor, target| Row {
        name: "reports page, HTML, 20 newest",
        unit: "pages/s",
        against,
        floor,
        product: product.clone(),
        target: Target::AtLeast(target),
        cpu_ms: cpu.clone(),
    };
    report.add(row("pgbench, prepared, 8 clients", by_pgbench, 0.15));
    report.add(row("one process with the same transaction", by_one, 0.5));
}
