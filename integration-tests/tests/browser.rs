use integration_tests::{Browser, System, portal::PASSWORD};

/// The first login, with one mistake at each step, up to the page that the person wanted: T8–T24.
async fn log_in(browser: &Browser, system: &System, email: &str, scripts: bool) {
    let password = system.welcome_password(email).await;
    browser.go(&format!("{}/reports", system.address("thuisgenoten"))).await;
    assert_eq!(browser.path().await, "/login", "without a session, /reports leads to the login");
    browser.look("login", scripts).await;
    browser.type_into("#username", email).await;
    browser.type_into("#password", "een verkeerd wachtwoord").await;
    browser.press("main form button[type=submit]").await;
    browser.sees("Uw gebruikersnaam of wachtwoord klopt niet.").await;
    browser.look("login-refused", scripts).await;
    browser.type_into("#password", &password).await;
    browser.press("main form button[type=submit]").await;

    browser.sees("Vul uw code in").await;
    browser.look("code", scripts).await;
    let code = system.code(email, 2).await;
    browser.type_into("#code", &format!("{} {}", &code[..3], &code[3..])).await;
    browser.press("main form button[type=submit]").await;

    browser.sees("Kies een eigen wachtwoord").await;
    browser.look("own-password", scripts).await;
    browser.type_into("#current_password", &password).await;
    browser.type_into("#new_password", PASSWORD).await;
    browser.type_into("#repeat_password", "iets anders dan dat").await;
    browser.press("main form > .zp-actions button[type=submit]").await;
    browser.sees("De twee nieuwe wachtwoorden zijn niet gelijk").await;
    browser.look("own-password-refused", scripts).await;
    browser.type_into("#current_password", &password).await;
    browser.type_into("#new_password", PASSWORD).await;
    browser.type_into("#repeat_password", PASSWORD).await;
    browser.press("main form > .zp-actions button[type=submit]").await;
    // The login ends at the page that was asked for before it.
    browser.sees("Rapportages").await;
    assert_eq!(browser.path().await, "/reports");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_sees_new_report_live_and_logout_leaves_nothing() {
    let system = System::start().await;
    let ecd = system.ecd("thuisgenoten");
    let person = ecd.register("mevrouw A. de Vries").await;
    for number in 1..=23 {
        ecd.report(&person, &format!("Ochtendzorg gegeven volgens plan, keer {number}.")).await.unwrap();
    }
    let browser = Browser::start().await;
    log_in(&browser, &system, &person.email, true).await;
    browser.sees("keer 23.").await;
    browser.look("reports", true).await;
    browser.press("main nav.zp-pages a").await;
    browser.sees("keer 3.").await;
    browser.look("reports-older", true).await;

    browser.go(&format!("{}/", system.address("thuisgenoten"))).await;
    browser.sees("Welkom, mevrouw A. de Vries").await;
    browser.look("start", true).await;

    // Live updates: the ECD adds a report, and the open page shows the report without a reload.
    browser.go(&format!("{}/reports", system.address("thuisgenoten"))).await;
    browser.find("[data-live-ready]").await;
    ecd.report(&person, "De wond heeft zich goed hersteld.").await.unwrap();
    browser.sees("De wond heeft zich goed hersteld.").await;
    browser.sees("Er is een nieuwe rapportage.").await;
    browser.look("reports-live", true).await;

    // A period without reports, and a period whose last day is before its first.
    browser.go(&format!("{}/reports?from=2020-01-01&until=2020-02-01", system.address("thuisgenoten"))).await;
    browser.sees("Er zijn geen rapportages in deze periode.").await;
    browser.go(&format!("{}/reports?from=2020-03-01&until=2020-02-01", system.address("thuisgenoten"))).await;
    browser.sees("De laatste dag ligt voor de eerste dag.").await;
    browser.look("reports-period-refused", true).await;

    // T88, ATT-14: after logging out, the back button shows nothing.
    browser.go(&format!("{}/reports", system.address("thuisgenoten"))).await;
    browser.press(".zp-header__person form button").await;
    browser.sees("U bent uitgelogd.").await;
    browser.look("logged-out", true).await;
    browser.client.back().await.unwrap();
    browser.sees("Inloggen").await;
    let source = browser.client.source().await.unwrap();
    assert!(!source.contains("De wond heeft zich"), "the back button shows a report");
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn portal_works_without_scripts_and_reload_shows_new_reports() {
    let system = System::start().await;
    let ecd = system.ecd("thuisgenoten");
    let person = ecd.register("de heer P. Bos").await;
    ecd.report(&person, "Samen een rondje door het park gelopen.").await.unwrap();
    let browser = Browser::without_scripts().await;
    log_in(&browser, &system, &person.email, false).await;
    browser.sees("Samen een rondje door het park gelopen.").await;
    ecd.report(&person, "Er waren geen bijzonderheden.").await.unwrap();
    browser.client.refresh().await.unwrap();
    browser.sees("Er waren geen bijzonderheden.").await;
    browser.press(".zp-header__person form button").await;
    browser.sees("U bent uitgelogd.").await;
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_stopped_can_be_sent_again() {
    let system = System::start_with(&[
        ("ZORGPORTAAL_ALLOWANCES__PAGE__BURST", "12"),
        ("ZORGPORTAAL_ALLOWANCES__PAGE__PER_MINUTE", "1"),
    ])
    .await;
    let browser = Browser::start().await;
    browser.go(&format!("{}/login", system.address("thuisgenoten"))).await;
    // Sends the form without leaving the page; tells whether the form let itself be sent.
    let send = async |release: &str| {
        let script = format!(
            "const form = document.querySelector('main form'); {release}
             const event = new Event('submit', {{ cancelable: true }});
             return form.dispatchEvent(event);"
        );
        browser.run(&script).await == serde_json::json!(true)
    };
    assert!(send("").await, "the first time");
    assert!(!send("").await, "a second press");
    for release in [
        "window.navigation.dispatchEvent(new Event('navigateerror'));",
        "window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));",
        "window.dispatchEvent(new Event('pageshow'));",
        "form.dataset.sent = Date.now() - 10001;",
    ] {
        assert!(send(release).await, "after {release}");
        assert!(!send("").await, "a press after that");
    }

    // A link that does not work, and an address that has asked for too much, say so in words.
    browser.go(&format!("{}/password/reset/verzonnen", system.address("thuisgenoten"))).await;
    browser.sees("Deze link werkt niet meer").await;
    browser.look("reset-link-refused", true).await;
    for _ in 0..14 {
        browser.go(&format!("{}/login", system.address("thuisgenoten"))).await;
    }
    browser.sees("Er komen nu te veel aanvragen").await;
    browser.look("too-many-requests", true).await;
}
