use integration_tests::{System, Visitor, ecd::report_record, portal::text};
use proto::dossier::v1::{
    ErrorReason, ImportRecordsRequest, Report, content::Kind, import_records_request::Item,
    import_records_response::Result as Outcome,
};
use proto::identity::v1::RelationKind;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::walk;

#[tokio::test(flavor = "multi_thread")]
async fn bad_codes_get_one_answer_and_only_five_guesses_count() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let (one, other) = (ecd.register("mevrouw Een").await, ecd.register("mevrouw Ander").await);
    let mut logins = Vec::new();
    for person in [&one, &other] {
        let password = system.welcome_password(&person.email).await;
        let started = portal.start_login(&person.email, &password).await;
        logins.push(text(&started.body["login_token"]));
    }
    let foreign = system.code(&other.email, 2).await;
    let right = system.code(&one.email, 2).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for (code, reason) in
        [(wrong, "CODE_WRONG"), (&*foreign, "CODE_WRONG"), ("abc", "CODE_WRONG"), ("", "FIELD_MISSING")]
    {
        let answer = portal.post("/login/code", &logins[0], &json!({ "code": code })).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.body["reason"], reason, "{code}");
    }

    // Three of the five tries are used, because an empty code is no try: of 200 parallel guesses, only two more are
    // compared with the code.
    let guesses = (0..200).map(|_| {
        let (portal, login) = (portal.clone(), logins[0].clone());
        async move { portal.post("/login/code", &login, &json!({ "code": "999999" })).await }
    });
    let answers = futures::future::join_all(guesses).await;
    let evaluated = answers.iter().filter(|answer| answer.body["reason"] == "CODE_WRONG").count();
    assert_eq!(evaluated, 2, "tries that were evaluated");
    let late = portal.post("/login/code", &logins[0], &json!({ "code": right })).await;
    assert_eq!(late.body["reason"], "LOGIN_ENDED", "the right code comes too late");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_known_names_get_the_same_login_answer() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let mut answers = Vec::new();
    for (organisation, username) in [
        ("", person.email.as_str()),
        ("", "niemand@voorbeeld.example"),
        ("profila", person.email.as_str()),
        ("bestaat niet", person.email.as_str()),
    ] {
        let body =
            json!({ "organisation": organisation, "username": username, "password": "verkeerd wachtwoord" });
        answers.push(portal.post("/login", "", &body).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.body, answers[0].body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_import_record_is_refused_alone_with_its_field() {
    let system = System::start().await;
    let ecd = system.ecd("thuisgenoten");
    let stranger = system.ecd("profila").register("een cliënt van een ander").await;
    let good = |number: &str| report_record("C1", number, "Goed.");
    let report = |change: fn(&mut Report)| {
        let mut record = report_record("C1", "slecht", "Goed.");
        let mut report = testkit::records::report_of(record.content.take());
        change(&mut report);
        record.content = Some(proto::dossier::v1::Content { kind: Some(Kind::Report(report)) });
        Item::Record(record)
    };
    let nowhere = proto::dossier::v1::Record { origin: None, ..report_record("C1", "slecht", "Goed.") };
    let records = vec![
        Item::Client(testkit::records::client_record("C1", 1, "mevrouw Goed")),
        Item::Record(good("1")),
        Item::Client(testkit::records::client_record("C2", 1, "")),
        report(|report| report.text = String::new()),
        report(|report| report.text = "x".repeat(20_001)),
        report(|report| report.text = "x".repeat(6_000_000)),
        report(|report| report.author = "x".repeat(201)),
        report(|report| report.kind = 99),
        report(|report| report.kind = 0),
        report(|report| report.written_at = None),
        report(|report| report.written_at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })),
        Item::Record(nowhere),
        report(|report| report.text = "nul\0".to_owned()),
        Item::Record(report_record(&stranger.external_id, "2", "In een ander dossier.")),
        Item::Record(good("3")),
    ];
    let requests = (1..)
        .zip(records)
        .map(|(sequence, record)| ImportRecordsRequest { sequence, historic: true, item: Some(record) })
        .chain([ImportRecordsRequest { sequence: 16, historic: false, item: None }])
        .collect();
    let results = ecd.import(requests).await;
    let refused: Vec<_> = results
        .iter()
        .filter_map(|result| match result.result.as_ref()? {
            Outcome::Refused(fault) => Some((result.sequence, fault.field.as_str(), fault.reason())),
            Outcome::Imported(_) => None,
        })
        .collect();
    assert_eq!(
        refused,
        [
            (3, "client.name", ErrorReason::FieldMissing),
            (4, "record.text", ErrorReason::FieldMissing),
            (5, "record.text", ErrorReason::FieldTooLong),
            (6, "record.text", ErrorReason::FieldTooLong),
            (7, "record.author", ErrorReason::FieldTooLong),
            (8, "record.kind", ErrorReason::FieldMalformed),
            (9, "record.kind", ErrorReason::FieldMissing),
            (10, "record.written_at", ErrorReason::FieldMissing),
            (11, "record.written_at", ErrorReason::FieldMalformed),
            (12, "record.origin", ErrorReason::FieldMissing),
            (13, "record.text", ErrorReason::FieldMalformed),
            (14, "record.client_external_id", ErrorReason::ClientUnknown),
            (16, "record", ErrorReason::FieldMissing),
        ]
    );
    assert_eq!(results.len(), 16, "every record has its result");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_broken_and_cross_site_requests_are_refused_in_dutch() {
    let system = System::start().await;
    let portal = system.portal("thuisgenoten");
    let large = portal.post("/login", "", &json!({ "username": "x".repeat(300_000), "password": "" })).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(large.body["title"], "Dit is te groot om te versturen. Maak het korter.");
    let unknown =
        portal.post("/login", "", &json!({ "username": "x", "password": "y", "role": "admin" })).await;
    assert!(unknown.status.is_client_error() && unknown.body["reason"] == "BODY_UNREADABLE", "{unknown:?}");
    let form = [("username", "x"), ("password", "y")];
    let elsewhere = portal
        .request(Method::POST, "/login")
        .header("sec-fetch-site", "cross-site")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN);
    assert!(elsewhere.text().await.unwrap().contains("Dit formulier kwam van een andere website"));
    let twice = portal.page("/login?next=/a&next=/b").await;
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST);
    assert!(twice.text().await.unwrap().contains("Wij konden het formulier niet lezen"), "a query too");
    let missing = portal.page("/bestaat-niet").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.headers().contains_key("content-security-policy"));
}

/// Status, headers and body of a response, without the headers that differ between any two answers.
async fn visible_parts(response: reqwest::Response) -> (StatusCode, Vec<String>, String) {
    let (status, mut headers) = (response.status(), Vec::new());
    for (name, value) in response.headers() {
        if !["date", "content-length", "x-request-id"].contains(&name.as_str()) {
            headers.push(format!("{name}: {}", value.to_str().unwrap()));
        }
    }
    headers.sort();
    (status, headers, response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn login_and_reset_answers_hide_whether_a_name_exists() {
    let system = System::start().await;
    let portal = system.portal("thuisgenoten");
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let ask = async |path: &str, fields: &[(&str, &str)]| {
        let request = portal.request(Method::POST, path).header("sec-fetch-site", "same-origin").form(fields);
        let (status, headers, body) = visible_parts(request.send().await.unwrap()).await;
        // The form repeats what was typed, which differs between the requests: replace it.
        let body = fields.iter().fold(body, |body, (_, typed)| body.replace(typed, "…"));
        (status, headers, body)
    };
    let login = async |username: &str, password: &str| {
        ask("/login", &[("username", username), ("password", password)]).await
    };
    portal.first_login(&system, &person).await;
    let wrong = login(&person.email, "verkeerd wachtwoord").await;
    assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(login("niemand@voorbeeld.example", "verkeerd wachtwoord").await, wrong, "unknown");
    let new = system.ecd("thuisgenoten").register("de heer A. de Vries").await;
    assert_eq!(login(&new.email, "verkeerd wachtwoord").await, wrong, "an account without an own password");
    system.shift_login_waits(60).await;
    let welcome = system.welcome_password(&new.email).await;
    assert_eq!(login(&new.email, &welcome).await.0, StatusCode::SEE_OTHER, "welcome password, during a wait");
    let own = integration_tests::portal::PASSWORD;
    assert_eq!(login(&person.email, own).await, wrong, "the right password, during a wait");

    let reset = async |username: &str| ask("/password/forgotten", &[("username", username)]).await;
    let known = reset(&person.email).await;
    assert_eq!(known.0, StatusCode::SEE_OTHER);
    assert_eq!(reset("niemand@voorbeeld.example").await, known);
    let nowhere = [("organisation", "bestaat niet"), ("username", &*person.email)];
    assert_eq!(ask("/password/forgotten", &nowhere).await, known, "an unknown organisation");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cookie_never_becomes_the_session() {
    let system = System::start().await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let mut visitor = Visitor::at(&system, "thuisgenoten");
    for name in ["__Host-session", "__Host-login", "__Host-device"] {
        visitor.plant_cookie(name, "planted-by-somebody");
    }
    walk::first_login(&system, &mut visitor, &person, &person.email).await;
    visitor.sees("Welkom");
    let session = visitor.cookie("__Host-session").unwrap().to_owned();
    assert_ne!(session, "planted-by-somebody", "ATT-04");
    let mut other = Visitor::at(&system, "thuisgenoten");
    other.plant_cookie("__Host-session", "planted-by-somebody");
    other.open("/reports").await.sees("Inloggen");
    // ATT-05: after the password alone, no page of the portal opens and no step may be skipped.
    let mut half = Visitor::at(&system, "thuisgenoten");
    walk::enter_password(&mut half, &person.email, integration_tests::portal::PASSWORD).await;
    half.sees("Vul uw code in");
    for path in ["/", "/reports", "/account", "/users", "/clients", "/login/password", "/login/terms"] {
        half.open(path).await;
        assert!(half.path.starts_with("/login"), "{path}: {}", half.path);
        assert_ne!(half.path, path, "a step that is not due");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_names_that_look_alike_are_one() {
    let system = System::start().await;
    let ecd = system.ecd("profila");
    let (client, _) = ecd.register_client("mevrouw Zo\u{eb} Bos").await.unwrap();
    let named = |name: &'static str| {
        move |request: &mut proto::identity::v1::RegisterAccountRequest| request.username = name.to_owned()
    };
    let (own, relative) = (RelationKind::Client, RelationKind::Relative);
    let person = ecd.register_for(&client, "Zo\u{eb} Bos", own, named("zo\u{eb}.bos")).await.unwrap();
    let welcome = system.welcome_password(&person.email).await;
    let portal = system.portal("profila");
    for same in [" Zoe\u{308}.BOS ", "zo\u{451}.bos", "zo\u{eb}.b\u{43e}s", "zo\u{eb}\u{200b}.bos"] {
        let started = portal.start_login(same, &welcome).await;
        assert_eq!(started.status, StatusCode::OK, "{same:?}: {started:?}");
    }
    for other in ["zoe.bos", "zo\u{eb}.b0s", "zo\u{eb}.bos\0"] {
        assert_eq!(portal.start_login(other, &welcome).await.body["reason"], "LOGIN_REFUSED", "{other:?}");
    }
    let taken = ecd.register_for(&client, "Namaak", relative, named("ZO\u{401}.b\u{43e}s")).await;
    assert_eq!(taken.unwrap_err().message(), "USERNAME_TAKEN");
    let giant = portal.start_login(&person.email, &"x".repeat(1_000_000)).await;
    assert_eq!(giant.status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = portal.request(Method::POST, "/login").header("sec-fetch-site", "same-origin");
    // Larger than the connection's buffers: the gateway must read the body before it answers, or the browser
    // would see a broken connection instead of the page.
    let large = "x".repeat(6_000_000);
    let page = page.form(&[("username", "a"), ("password", &large)]).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.text().await.unwrap().contains("Dit is te groot om te versturen."));
    let long = portal.start_login(&person.email, &"x".repeat(50_000)).await;
    assert_eq!(long.body["reason"], "LOGIN_REFUSED");
}
