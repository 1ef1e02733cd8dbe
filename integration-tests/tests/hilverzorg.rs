//! Hilverzorg: an address of its own, a code on a new device, a new password by e-mail, a question before
//! logging out.

use integration_tests::{System, Visitor, portal::PASSWORD};
use reqwest::{Method, StatusCode};

use crate::walk;

/// H1–H9, H31–H32: login at either address, a code at the first login alone, and a new password by e-mail.
#[tokio::test(flavor = "multi_thread")]
async fn login_at_own_address_asks_one_code_and_reset_goes_by_mail() {
    let system = System::start().await;
    let person = system.ecd("hilverzorg").register("de heer D. Smit").await;
    for host in ["hilverzorg.localhost", "mijnhilverzorg.localhost"] {
        let mut visitor = Visitor::at_host(&system, host);
        visitor.open("/").await.sees("Mijnhilverzorg");
        assert_eq!(visitor.path, "/login", "H1, H2");
        assert_eq!(visitor.labels(), ["Gebruikersnaam", "Wachtwoord"], "H3");
    }
    let mut visitor = Visitor::at(&system, "hilverzorg");
    let welcome = system.welcome_password(&person.email).await;
    walk::enter_password(&mut visitor, &person.email, &welcome).await;
    visitor.sees("Apparaat verificatie").sees("Code controleren");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    visitor.press("Code controleren", &[("Code", &code)]).await;
    walk::choose_password(&mut visitor, &welcome).await;
    visitor.sees("Welkom, de heer D. Smit");
    visitor.follow("Uitloggen").await.sees("Weet u zeker dat u wilt uitloggen?");
    visitor.press("Ja", &[]).await.sees("U bent uitgelogd.");
    // H4–H6: the known device needs no code any more. H31–H32: logging out asks for a confirmation.
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Welkom, de heer D. Smit");
    visitor.follow("Uitloggen").await.press("Ja", &[]).await;
    // H7, H8: after a wrong password a person can try again, or ask for a new password.
    walk::enter_password(&mut visitor, &person.email, "verkeerd wachtwoord").await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    system.shift_login_waits(-60).await;
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Welkom, de heer D. Smit");
    visitor.follow("Uitloggen").await.press("Ja", &[]).await;
    visitor.open("/login").await;
    visitor.follow("Wachtwoord vergeten?").await;
    visitor.press("Nieuw wachtwoord aanvragen", &[("Gebruikersnaam", &person.email)]).await;
    let mail = walk::message_with(&system, &person.email, "Uw tijdelijke wachtwoord: ").await;
    // H9, done better: the temporary password works once, and the person then chooses an own one.
    let temporary = walk::rest_of_line(&mail.text, "Uw tijdelijke wachtwoord: ");
    walk::enter_password(&mut visitor, &person.email, &temporary).await;
    visitor.sees("Apparaat verificatie");
}

/// H2: a request without HTTPS is redirected to HTTPS. The proxy in front of the gateway says in a header
/// which of the two the browser used.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_https_is_redirected_to_https() {
    let system = System::start().await;
    system.add_settings("gateway", "trusted_proxies = [\"127.0.0.0/8\"]").await;
    let ask = async |scheme: &str| {
        let portal = system.portal("hilverzorg").at_host("mijnhilverzorg.example");
        let request = portal.request(Method::GET, "/login?next=/reports");
        request.header("x-forwarded-proto", scheme).send().await.unwrap()
    };
    let plain = ask("http").await;
    assert_eq!(plain.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(plain.headers()["location"], "https://mijnhilverzorg.example/login?next=/reports");
    let secure = ask("https").await;
    assert_eq!(secure.status(), StatusCode::OK);
    assert!(secure.headers().contains_key("strict-transport-security"));
}
