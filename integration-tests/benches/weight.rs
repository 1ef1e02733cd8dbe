//! Measures how many bytes the reports page brings to a browser: at the first visit, with style, script and fonts, and
//! afterwards, when the browser has kept these.

use std::collections::{BTreeMap, BTreeSet};

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use integration_tests::System;
use tokio::net::TcpStream;

use crate::{
    harness::{Report, Row, Target},
    people::People,
};

/// Gets a file as a browser does; gives the bytes that came over the wire, without the headers.
async fn get(address: &str, path: &str, session: &str, accept: &str) -> Bytes {
    let socket = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(path)
        .header("host", "thuisgenoten.localhost")
        .header("cookie", format!("__Host-session={session}"))
        .header("accept-encoding", accept)
        .header("sec-fetch-site", "same-origin")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.into_body().collect().await.unwrap().to_bytes()
}

/// The paths of the files that a page or style sheet names.
fn named(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text);
    let paths = text.split("/assets/").skip(1).map(|rest| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "./-".contains(c);
        format!("/assets/{}", &rest[..rest.find(|c| !is_path(c)).unwrap_or(rest.len())])
    });
    // A comment may name a folder.
    paths.filter(|path| !path.ends_with('/')).collect()
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let address = system.facts["gateway"].as_str().unwrap().trim_start_matches("http://");
    let session = &people.at_step(0).session;
    let page = get(address, "/reports", session, "").await;
    let mut files = named(&page);
    for style in files.clone().into_iter().filter(|path| path.contains(".css")) {
        files.extend(named(&get(address, &style, session, "").await));
    }
    let after = get(address, "/reports", session, "gzip, deflate, br").await.len();
    let mut first = after;
    for file in &files {
        first += get(address, file, session, "gzip, deflate, br").await.len();
    }
    for (name, bytes, most) in [
        ("reports page, first visit: page, style, script, fonts", first, 100.0),
        ("reports page, later visits", after, 20.0),
    ] {
        report.add(Row {
            name,
            unit: "KB",
            against: "–",
            floor: Vec::new(),
            product: vec![bytes as f64 / 1000.0],
            target: Target::Below(most),
            cpu_ms: BTreeMap::new(),
        });
    }
}
