//! The gateway as strangers and their proxies see it: HTTP/2, silent connections, floods, clocks that differ, and
//! services that are away.

use std::time::Duration;

use integration_tests::{System, eventually, portal::text, within};
use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than a header may take, and shorter than a connection may be idle.
const LIMIT: Duration = Duration::from_secs(40);

fn gateway(system: &System) -> String {
    system.facts["gateway"].as_str().unwrap().trim_start_matches("http://").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_gets_the_same_pages_forms_and_redirects() {
    let system = System::start().await;
    system.add_settings("gateway", "trusted_proxies = [\"127.0.0.0/8\"]").await;
    let client = Client::builder().http2_prior_knowledge().redirect(Policy::none());
    let address = gateway(&system).parse().unwrap();
    // The client sends the host of the URL as `:authority`.
    let client = client.resolve("hilverzorg.localhost", address).resolve("portaal.example", address);
    let client = client.build().unwrap();
    let port = gateway(&system).rsplit(':').next().unwrap().to_owned();
    let origin = format!("https://hilverzorg.localhost:{port}");
    let url = format!("http://hilverzorg.localhost:{port}/login");
    let ask = async |request: reqwest::RequestBuilder| request.send().await.unwrap();

    let page = ask(client.get(&url).header("x-forwarded-proto", "https")).await;
    assert_eq!((page.version(), page.status()), (reqwest::Version::HTTP_2, StatusCode::OK));
    let text = page.text().await.unwrap();
    assert!(text.contains("Hilverzorg"), "the organisation of the host: {text}");
    let form = client.post(&url).header("x-forwarded-proto", "https").form(&[("username", "x")]);
    let sent = ask(form.header("origin", &origin)).await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "a refused login, not a foreign site");
    let url = format!("http://portaal.example:{port}/login");
    let plain = ask(client.get(&url).header("x-forwarded-proto", "http")).await;
    assert_eq!(plain.headers()["location"], format!("https://portaal.example:{port}/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_header_ends_the_connection_and_a_stop_waits_for_nobody() {
    let system = System::start().await;
    let mut half = TcpStream::connect(gateway(&system)).await.unwrap();
    half.write_all(b"GET /login HTTP/1.1\r\nHost: thuis").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(LIMIT, half.read_to_end(&mut rest)).await;
    assert!(ended.is_ok() && !String::from_utf8_lossy(&rest).contains("200 OK"), "ended without an answer");

    let silent = TcpStream::connect(gateway(&system)).await.unwrap();
    let mut half = TcpStream::connect(gateway(&system)).await.unwrap();
    half.write_all(b"GET /login HTTP/1.1\r\nHost: thuis").await.unwrap();
    let pid = || std::fs::read_to_string(system.data().join("run/gateway.pid")).unwrap_or_default();
    let before = pid();
    system.signal("gateway", "TERM");
    eventually("the gateway ends", async || (pid() != before && !pid().is_empty()).then_some(())).await;
    drop((silent, half));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_is_slowed_and_another_address_logs_in() {
    let system = System::start_with(&[
        ("ZORGPORTAAL_ALLOWANCES__LOGIN__BURST", "40"),
        ("ZORGPORTAAL_ALLOWANCES__LOGIN__PER_MINUTE", "1"),
    ])
    .await;
    system.add_settings("gateway", "trusted_proxies = [\"127.0.0.0/8\"]").await;
    let portal = system.portal("thuisgenoten");
    let log_in = |address: &'static str| {
        let request = portal.request(Method::POST, "/api/v1/login").header("x-forwarded-for", address);
        let request = request.json(&json!({ "username": "iemand", "password": "verkeerd" }));
        async move { request.send().await.unwrap() }
    };
    let flood = (0..160).map(|_| log_in("192.0.2.1:1234"));
    let (flood, other) = tokio::join!(futures::future::join_all(flood), log_in("192.0.2.2"));
    let refused: Vec<_> =
        flood.iter().filter(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS).collect();
    let slowed = refused.iter().filter(|answer| answer.headers().contains_key("retry-after")).count();
    assert!(slowed >= 100, "{slowed} of {}", refused.len());
    assert_ne!(other.status(), StatusCode::SERVICE_UNAVAILABLE);
    let reason = other.json::<serde_json::Value>().await.unwrap()["reason"].clone();
    assert_eq!(reason, "LOGIN_REFUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_ready_while_identity_answers() {
    let system = System::start().await;
    let portal = system.portal("thuisgenoten");
    let ready = async || {
        let answer = portal.page("/healthz/ready").await;
        (answer.status(), answer.json::<serde_json::Value>().await.unwrap())
    };
    system.signal("messaging", "STOP");
    system.signal("nats", "STOP");
    let (status, body) = ready().await;
    assert_eq!((status, &body["away"]), (StatusCode::OK, &json!(["messaging"])), "{body}");
    // Three questions, ten seconds apart; before, the bus was asked each minute.
    within(Duration::from_mins(1), "a bus that hangs is noticed", async || {
        let (status, body) = ready().await;
        (status == StatusCode::OK && body["events"] == false).then_some(())
    })
    .await;
    assert_eq!(portal.page("/login").await.status(), StatusCode::OK);
    system.signal("identity", "STOP");
    assert_eq!(ready().await.0, StatusCode::SERVICE_UNAVAILABLE);
    for process in ["identity", "nats", "messaging"] {
        system.signal(process, "CONT");
    }
    eventually("a whole system", async || system.is_whole().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_is_an_outage_and_no_redirect_without_end() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let session = portal.first_login(&system, &person).await;
    system.set_clock_offset_of(&["dossier"], 300).await;
    let page = eventually("an answer of dossier", async || {
        let page =
            portal.request(Method::GET, "/reports").header("cookie", format!("__Host-session={session}"));
        let page = page.send().await.ok()?;
        (page.status() != StatusCode::OK).then_some(page)
    })
    .await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().await.unwrap().contains("Dit werkt nu even niet."));
    let warned = |text: &str| text.contains("compare the clocks") && text.contains("time_of_the_service");
    // The first answers may come while dossier starts again: asked once more, it refuses the token.
    eventually("a warning with both times", async || {
        let page =
            portal.request(Method::GET, "/reports").header("cookie", format!("__Host-session={session}"));
        page.send().await.ok()?;
        let logs = system.logs();
        logs.iter().any(|(name, text)| name.contains("gateway") && warned(text)).then_some(())
    })
    .await;

    // The same between the gateway and identity: nobody is told to log in, and the gateway is not ready.
    system.set_clock_offset_of(&["gateway"], -300).await;
    eventually("a gateway that is not ready", async || {
        let ready = portal.request(Method::GET, "/healthz/ready").send().await.ok()?;
        (ready.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    assert_eq!(portal.page("/login").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_logins_and_links_belong_to_the_host_of_their_organisation() {
    let system = System::start().await;
    let (here, elsewhere) = (system.portal("thuisgenoten"), system.portal("profila"));
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let session = here.first_login(&system, &person).await;
    assert_eq!(elsewhere.get("/reports", &session).await.status, StatusCode::UNAUTHORIZED);
    for (portal, status) in [(&here, StatusCode::OK), (&elsewhere, StatusCode::UNAUTHORIZED)] {
        let live = portal.request(Method::GET, "/live").bearer_auth(&session).send().await.unwrap();
        assert_eq!(live.status(), status);
    }
    let started = here.start_login(&person.email, integration_tests::portal::PASSWORD).await;
    let login = text(&started.body["login_token"]);
    assert_eq!(elsewhere.get("/login/code", &login).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(here.get("/login/code", &login).await.status, StatusCode::OK);
}
