use std::time::Instant;

use integration_tests::{Portal, Registered, System, eventually};
use reqwest::StatusCode;

async fn reader(system: &System) -> (Portal, Registered, String) {
    let portal = system.portal("thuisgenoten");
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let session = portal.first_login(system, &person).await;
    (portal, person, session)
}

/// Checks that a read gets a 503 with Dutch text within the deadline.
async fn is_unavailable(portal: &Portal, session: &str) {
    let began = Instant::now();
    let answer = portal.get("/reports", session).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let title = answer.body["title"].as_str().unwrap();
    assert!(title.starts_with("Dit werkt nu even niet."), "{title}");
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_or_frozen_service_gives_a_dutch_503_and_recovers() {
    let system = System::start().await;
    let (portal, _, session) = reader(&system).await;
    portal.wait_until_up(&session).await;
    system.signal("dossier", "STOP");
    is_unavailable(&portal, &session).await;
    system.signal("dossier", "CONT");
    portal.wait_until_up(&session).await;
    system.signal("dossier", "KILL");
    portal.wait_until_up(&session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_identity_frozen_the_login_page_is_a_dutch_503() {
    let system = System::start().await;
    let portal = system.portal("thuisgenoten");
    assert_eq!(portal.page("/login").await.status(), StatusCode::OK);
    system.signal("identity", "STOP");
    let answer = portal.start_login("iemand@voorbeeld.example", "wachtwoord").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    // The gateway has not cached this organisation yet and cannot ask identity: the page still has Dutch
    // text.
    let page = system.portal("profila").page("/login").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().await.unwrap().contains("Dit werkt nu even niet."));
    system.signal("identity", "CONT");
    eventually("a login page", async || {
        (system.portal("profila").page("/login").await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_bus_reads_and_writes_work_and_mail_follows() {
    let system = System::start().await;
    let (portal, person, session) = reader(&system).await;
    let ecd = system.ecd("thuisgenoten");
    system.signal("nats", "STOP");
    ecd.report(&person, "Geschreven zonder bus.").await.unwrap();
    let answer = portal.get("/reports", &session).await;
    assert_eq!(answer.body["days"][0]["records"][0]["content"]["text"], "Geschreven zonder bus.");
    let other = ecd.register("de heer P. Bos").await;
    system.signal("nats", "KILL");
    // The welcome message was promised while the bus was down, and is sent once the bus is back.
    assert!(!system.welcome_password(&other.email).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_loses_no_acknowledged_report() {
    let system = System::start().await;
    let (portal, person, session) = reader(&system).await;
    system.ecd("thuisgenoten").report(&person, "Bevestigd voor de storing.").await.unwrap();
    // QUIT ends Postgres at once, without a shutdown, as a crash does.
    system.signal("postgres", "QUIT");
    portal.wait_until_up(&session).await;
    let answer = portal.get("/reports", &session).await;
    assert_eq!(answer.body["days"][0]["records"][0]["content"]["text"], "Bevestigd voor de storing.");
}
