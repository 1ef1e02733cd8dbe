//! Measures the reports page through the gateway, beside one process that queries and renders by itself.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write as _,
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
    tenant::{self, Route},
    weight,
};

/// The number of connections, each of which waits for its answer before it asks again.
pub const CONNECTIONS: usize = 16;

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

    /// Gets a page of the portal. Fails, and so ends the measurement, when the answer is not a page with reports.
    pub async fn get(&self, caller: usize, path: &str, session: &str) {
        self.get_as(caller, path, &format!("__Host-session={session}")).await;
    }

    /// The same, with this cookie.
    pub async fn get_as(&self, caller: usize, path: &str, cookie: &str) {
        let length = self.length(caller, path, cookie).await;
        assert!(length > 10_000, "{length}");
    }

    /// Gets a page of any length.
    pub async fn get_any(&self, caller: usize, path: &str, session: &str) {
        self.length(caller, path, &format!("__Host-session={session}")).await;
    }

    async fn length(&self, caller: usize, path: &str, cookie: &str) -> usize {
        let request = hyper::Request::get(path)
            .header("host", "thuisgenoten.localhost")
            .header("cookie", cookie)
            .body(Empty::new())
            .unwrap();
        let mut sender = self.0[caller % self.0.len()].lock().await;
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap().to_bytes().len()
    }
}

/// Starts one process that renders twenty reports from the same tenant transaction, without gateway, gRPC,
/// session and audit; gives its address.
async fn one_process(system: &System, people: &People) -> String {
    let (db, people) = (tenant::dossier_db(system, Route::Tcp, 8), Arc::new(people.clone()));
    let page = move |Path(client): Path<uuid::Uuid>| {
        let (db, people) = (db.clone(), Arc::clone(&people));
        async move {
            let mut page = String::from(
                "<!doctype html><html lang=nl><title>Rapportages</title><main><h1>Rapportages</h1>",
            );
            for text in tenant::in_transaction(&db, &people, client).await {
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
    let (mut by_one, mut product, mut cpu) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut cpu_sums = Vec::new();
    for _ in 0..ROUNDS {
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
        let of_round = cpu_ms(&before, &system.cpu_seconds(), pages * TURN.as_secs_f64());
        cpu_sums.push(of_round.values().sum());
        for (process, ms) in of_round {
            *cpu.entry(process).or_default() += ms / ROUNDS as f64;
        }
        product.push(pages);
    }
    report.add(Row {
        name: "reports page, HTML, 20 newest",
        unit: "pages/s",
        against: "one process with the same tenant transaction",
        floor: by_one,
        product,
        target: Target::AtLeast(0.35),
        cpu_ms: cpu,
    });
    report.add(Row {
        name: "reports page: CPU of all processes",
        unit: "ms",
        against: "–",
        floor: Vec::new(),
        product: cpu_sums,
        target: Target::Below(0.45),
        cpu_ms: BTreeMap::new(),
    });
    weight::run(system, people, report).await;
}
