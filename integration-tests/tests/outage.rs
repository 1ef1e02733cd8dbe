use std::time::Instant;

use integration_tests::{Portal, Registered, System, eventually};
use reqwest::StatusCode;

async fn reader(system: &System) -> (Portal, Registered, String) {
    let portal = system.portal("thuisgenoten");
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let session = portal.first_login(system, &person).await;
    (portal, person, session)
}

/// Within the deadline: a Dutch problem with 503.
async fn is_unavailable(portal: &Portal, session: &str) {
    let began = Instant::now();
    let answer = portal.get("/reports", session).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let title = answer.body["title"].as_str().unwrap();
    assert!(title.starts_with("Dit werkt nu even niet."), "{title}");
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_or_stands_still_gives_a_dutch_503_and_comes_back_by_itself() {
    let system = System::start().await;
    let (portal, _, session) = reader(&system).await;
    portal.recovers(&session).await;
    system.signal("dossier", "STOP");
    is_unavailable(&portal, &session).await;
    system.signal("dossier", "CONT");
    portal.recovers(&session).await;
    system.signal("dossier", "KILL");
    portal.recovers(&session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_identity_standing_still_the_login_page_says_so_in_dutch() {
    let system = System::start().await;
    let portal = system.portal("thuisgenoten");
    assert_eq!(portal.page("/login").await.status(), StatusCode::OK);
    system.signal("identity", "STOP");
    let answer = portal.start_login("iemand@voorbeeld.example", "wachtwoord").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    // An organisation that nobody asked for yet cannot be found now: the page is there all the same.
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
async fn with_the_bus_away_reading_and_writing_go_on_and_mail_follows_later() {
    let system = System::start().await;
    let (portal, person, session) = reader(&system).await;
    let ecd = system.ecd("thuisgenoten");
    system.signal("nats", "STOP");
    ecd.report(&person, "Geschreven zonder bus.").await.unwrap();
    let answer = portal.get("/reports", &session).await;
    assert_eq!(answer.body["days"][0]["reports"][0]["text"], "Geschreven zonder bus.");
    let other = ecd.register("de heer P. Bos").await;
    system.signal("nats", "KILL");
    // Promised while the bus was away; brought when it is back.
    assert!(!system.welcome_password(&other.email).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_killed_gives_a_503_and_everything_that_was_acknowledged_is_there_afterwards() {
    let system = System::start().await;
    let (portal, person, session) = reader(&system).await;
    system.ecd("thuisgenoten").report(&person, "Bevestigd voor de storing.").await.unwrap();
    // Immediately, without a shutdown: as a crash would.
    system.signal("postgres", "QUIT");
    portal.recovers(&session).await;
    let answer = portal.get("/reports", &session).await;
    assert_eq!(answer.body["days"][0]["reports"][0]["text"], "Bevestigd voor de storing.");
}
