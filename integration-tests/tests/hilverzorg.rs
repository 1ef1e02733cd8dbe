//! Hilverzorg: its own address, a code the first time, a new password by e-mail, logging out with a question.

use integration_tests::{System, Visitor, portal::PASSWORD};
use reqwest::{Method, StatusCode};

use crate::walk;

/// H1–H9, H31–H32: by either address, with a code the first time, and a new password by e-mail.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_logs_in_by_the_own_address_and_gets_a_new_password_by_mail() {
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
    walk::password(&mut visitor, &person.email, &welcome).await;
    visitor.sees("Apparaat verificatie").sees("Code controleren");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    visitor.press("Code controleren", &[("Code", &code)]).await;
    walk::own_password(&mut visitor, &welcome).await;
    visitor.sees("Welkom de heer D. Smit");
    visitor.follow("Uitloggen").await.sees("Weet u zeker dat u wilt uitloggen?");
    visitor.press("Ja", &[]).await.sees("U bent uitgelogd.");
    // H4–H6: the code came the first time alone. H31–H32: logging out is asked again.
    walk::password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Welkom de heer D. Smit");
    visitor.follow("Uitloggen").await.press("Ja", &[]).await;
    // H7, H8: a wrong password, and two ways on.
    walk::password(&mut visitor, &person.email, "verkeerd wachtwoord").await;
    visitor.sees("De gegevens kloppen niet.").sees("Wachtwoord vergeten?");
    system.stretch_waits(-60).await;
    walk::password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Welkom de heer D. Smit");
    visitor.follow("Uitloggen").await.press("Ja", &[]).await;
    visitor.open("/login").await;
    visitor.follow("Wachtwoord vergeten?").await;
    visitor.press("Wachtwoord resetten", &[("Gebruikersnaam", &person.email)]).await;
    let mail = walk::mailed(&system, &person.email, "Uw tijdelijke wachtwoord: ").await;
    // H9, done better: it is good once, and an own one is chosen.
    let temporary = walk::line(&mail.text, "Uw tijdelijke wachtwoord: ");
    walk::password(&mut visitor, &person.email, &temporary).await;
    visitor.sees("Apparaat verificatie");
}

/// H2: whoever comes without HTTPS is sent there, as the proxy in front of the gateway tells.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_without_https_is_sent_to_it() {
    let system = System::start().await;
    let file = system.data().join("config/gateway.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("trusted_proxies = [\"127.0.0.1\"]\n{settings}")).unwrap();
    system.travel(0).await;
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
