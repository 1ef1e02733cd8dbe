use integration_tests::{System, eventually, portal::text};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_logs_in_reads_and_logs_out() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let session = portal.first_login(&system, &person).await;
    for number in 1..=25 {
        ecd.report(&person, &format!("Rapportage {number}")).await.unwrap();
    }

    let first = portal.get("/reports", &session).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(first.body["days"][0]["records"][0]["content"]["text"], "Rapportage 25", "T76: newest on top");
    let next = text(&first.body["next_page"]);
    let second = portal.get(&format!("/reports?page={next}"), &session).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    let older = second.body["days"].as_array().unwrap();
    assert_eq!(older.iter().map(|day| day["records"].as_array().unwrap().len()).sum::<usize>(), 5);
    let start = portal.get("", &session).await;
    assert_eq!(start.body["panels"][0]["rows"].as_array().unwrap().len(), 2);

    assert_eq!(portal.post("/logout", &session, &json!({})).await.status, StatusCode::OK);
    assert_eq!(portal.get("/reports", &session).await.status, StatusCode::UNAUTHORIZED);

    // The second login has two steps: the own password and a code.
    let started = portal.start_login(&person.email, integration_tests::portal::PASSWORD).await;
    let login = text(&started.body["login_token"]);
    let code = system.code(&person.email, 3).await;
    let done = portal.post("/login/code", &login, &json!({ "code": code })).await;
    assert_eq!(done.body["step"], "done", "{done:?}");
    let again = portal.post("/login/code", &login, &json!({ "code": code })).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "a code is used once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_opens_one_organisation_and_each_read_is_audited() {
    let system = System::start().await;
    let here = system.ecd("thuisgenoten");
    let person = here.register("mevrouw A. de Vries").await;
    here.report(&person, "Alleen voor haar.").await.unwrap();
    let session = system.portal("thuisgenoten").first_login(&system, &person).await;
    assert_eq!(system.portal("thuisgenoten").get("/reports", &session).await.status, StatusCode::OK);
    let elsewhere = system.portal("profila").get("/reports", &session).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED, "a session is of one organisation");

    let verified = system.command(&["audit", "verify", "dossier", "--organisation", "thuisgenoten"]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && said.contains("all hold"), "{said}");

    let told = eventually("AccessRecorded in the feed", async || {
        let feed = system.command(&["feed", "dossier", "--organisation", "thuisgenoten"]);
        let said = String::from_utf8_lossy(&feed.stdout).into_owned();
        said.contains("AccessRecorded").then_some(said)
    })
    .await;
    assert!(told.contains("RecordAdded") && told.contains("ClientRegistered"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_password_address_or_care_content_is_in_any_log() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    ecd.report(&person, "De wond heeft zich goed hersteld.").await.unwrap();
    let session = portal.first_login(&system, &person).await;
    portal.get("/reports", &session).await;
    let code = system.code(&person.email, 2).await;
    let password = system.welcome_password(&person.email).await;
    let code = format!("\"{code}\"");
    let own = integration_tests::portal::PASSWORD;
    let contact = [person.email.as_str(), &person.phone];
    system.logs_hold_none_of(&[&session, &password, own, "De wond", "de Vries", &code]);
    system.logs_hold_none_of(&contact);
}
