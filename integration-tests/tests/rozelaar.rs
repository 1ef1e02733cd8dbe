//! De Rozelaar: the own number is typed, a password lives a year, two accounts and a third, the end of care.

use integration_tests::{
    System, Visitor, eventually,
    portal::{PASSWORD, Seen},
};
use jiff::SignedDuration;
use proto::{
    access::v1::Section,
    dossier::v1::EndCareRequest,
    identity::v1::{ExtendAccessRequest, RelationKind, RepresentativeKind, StartImpersonationRequest},
};

use reqwest::StatusCode;
use serde_json::json;

use crate::walk;

/// R1, R8–R18, R43–R44, R59: the number must be the registered one, and nobody learns whether it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_number_is_typed_and_another_one_gets_no_sms_and_looks_the_same() {
    let system = System::start().await;
    let ecd = system.ecd("rozelaar");
    let (client, _) = ecd.client("mevrouw E. Visser").await.unwrap();
    let username = "eva.visser1";
    let person = ecd
        .register_for(&client, "Eva Visser", RelationKind::Representative, |request| {
            request.username = username.to_owned();
            request.representative = RepresentativeKind::Proxy.into();
            request.grants.retain(|grant| grant.section() == Section::Reports);
        })
        .await
        .unwrap();
    let welcome = system.welcome_password(&person.email).await;
    let mut visitor = Visitor::at(&system, "rozelaar");
    visitor.open("/login").await.sees("Mijn Cliëntportaal");
    walk::password(&mut visitor, username, &welcome).await;
    assert_eq!(visitor.labels(), ["Uw mobiele nummer"], "R8–R10, R13");
    visitor
        .press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", "12345")])
        .await
        .sees("Dit is geen mobiel nummer");
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", "06 11223344")]).await;
    let wrong = visitor.text();
    visitor.press("Inloggen", &[("Code", "123456")]).await.sees("De gegevens kloppen niet.");

    visitor.open("/login").await;
    system.travel(60).await;
    walk::password(&mut visitor, username, &welcome).await;
    let typed = person.phone.replace("+31", "0");
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", &typed)]).await;
    let digits =
        |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    assert_eq!(digits(&visitor.text()), digits(&wrong), "the same page");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    let shown = walk::line(&visitor.text(), "In de sms staat ").split(' ').next().unwrap().to_owned();
    assert!(sms.text.contains(&format!("{shown}-{code}")), "R14–R16: {}", sms.text);
    visitor.press("Inloggen", &[("Code", &format!("{shown}-{code}"))]).await;
    walk::own_password(&mut visitor, &welcome).await;
    system.until_all_is_sent().await;
    assert!(system.mailbox(Some("+31611223344")).await.is_empty(), "R13: never the recipient");
    assert_eq!(system.mailbox(Some(&person.phone)).await.len(), 1, "R13: nor told by it");
    // R43, R59: who is logged in, and whose dossier it is, stand apart.
    visitor
        .sees("Welkom Eva Visser")
        .sees("U bent ingelogd als eva.visser1.")
        .sees("U bekijkt het dossier van mevrouw E. Visser.")
        .sees("De Rozelaar");
    // R1: a part of the dossier.
    visitor.open("/reports").await.sees("Rapportages");
    visitor.open("/users").await.sees("Deze pagina is er niet, of is niet voor u.");
    visitor.follow("Mijn profiel").await.sees("Uw wachtwoord is geldig tot");
    visitor.follow("Wachtwoord wijzigen").await.sees("Huidig wachtwoord");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    assert_eq!(visitor.path, "/login", "R11, R17, R18, R44");

    // R15: a code is good once. R12: the password is, for a year; then another one is chosen.
    system.travel(60 + 364 * 86_400).await;
    let mut seen = Seen::now(&system, &person).await;
    walk::password(&mut visitor, username, PASSWORD).await;
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", &typed)]).await;
    let fresh = seen.code(&system, &person).await;
    visitor.press("Inloggen", &[("Code", &code)]).await.sees("De gegevens kloppen niet.");
    visitor.press("Inloggen", &[("Code", &fresh)]).await.sees("Welkom Eva Visser");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    system.travel(60 + 366 * 86_400).await;
    walk::login(&system, &mut visitor, &person, username).await;
    visitor.sees("Uw wachtwoord is te oud.");
    let change = |new| {
        [("Huidig wachtwoord", PASSWORD), ("Nieuw wachtwoord", new), ("Nieuw wachtwoord, nog een keer", new)]
    };
    visitor.press("Wijzig wachtwoord", &change(PASSWORD)).await.sees("Kies een ander wachtwoord");
    visitor.press("Wijzig wachtwoord", &change("Een heel nieuw wachtwoord")).await.sees("Welkom Eva Visser");
}

/// R45–R50, R54–R55: two accounts, a third until a day that is moved; six weeks after care nothing is left of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_third_account_ends_on_its_day_and_all_end_six_weeks_after_care() {
    let system = System::start().await;
    let ecd = system.ecd("rozelaar");
    let client = ecd.register("mevrouw E. Visser").await;
    let second =
        ecd.register_for(&client.client, "Eva Visser", RelationKind::Relative, |_| {}).await.unwrap();
    let refused =
        ecd.register_for(&client.client, "Derde", RelationKind::ThirdParty, |_| {}).await.unwrap_err();
    assert_eq!(refused.message(), "END_DATE_MISSING", "R45, R46, R49");
    let now = integration_tests::ecd::now();
    let day = |number: i64| Some(chassis::time::to_proto(now + SignedDuration::from_hours(24 * number)));
    let third = ecd
        .register_for(&client.client, "Derde", RelationKind::ThirdParty, |request| {
            request.consent.as_mut().unwrap().valid_until = day(2);
        })
        .await
        .unwrap();
    let fourth = ecd
        .register_for(&client.client, "Vierde", RelationKind::ThirdParty, |request| {
            request.consent.as_mut().unwrap().valid_until = day(2);
        })
        .await;
    assert_eq!(fourth.unwrap_err().message(), "ACCOUNT_LIMIT", "R47");
    let mut visitor = Visitor::at(&system, "rozelaar");
    walk::first_login(&system, &mut visitor, &third, &third.email).await;
    visitor.open("/reports").await.sees("Rapportages");
    let longer = ExtendAccessRequest {
        account_id: third.account.to_string(),
        client_id: client.client.clone(),
        valid_until: day(9),
    };
    ecd.identity().await.unwrap().extend_access(longer).await.unwrap();
    system.travel(3 * 86_400).await;
    visitor.close();
    walk::login(&system, &mut visitor, &third, &third.email).await;
    visitor.open("/reports").await.sees("Rapportages").sees_no("is niet voor u");
    system.travel(10 * 86_400).await;
    visitor.close();
    walk::login(&system, &mut visitor, &third, &third.email).await;
    visitor.open("/reports").await.sees("Deze pagina is er niet, of is niet voor u.");

    // R54: care stops on day 10; after 35 days people are told, after 42 it is over.
    let mut own = Visitor::at(&system, "rozelaar");
    walk::first_login(&system, &mut own, &client, &client.email).await;
    let ended = EndCareRequest { client_id: client.client.clone(), ended_at: day(10) };
    ecd.dossier().await.unwrap().end_care(ended).await.unwrap();
    system.until_count("identity", "end_of_access", 1).await;
    system.travel(46 * 86_400).await;
    let told = eventually("the notice", async || {
        let mails = system.mailbox(Some(&client.email)).await;
        mails.into_iter().find(|mail| mail.subject.contains("stopt binnenkort"))
    })
    .await;
    assert!(told.text.contains("stopt ook uw toegang"), "R54: {}", told.text);
    for next in [51, 53] {
        own.close();
        walk::login(&system, &mut own, &client, &client.email).await;
        own.open("/reports").await.sees("Rapportages").sees_no("is niet voor u");
        system.travel(next * 86_400).await;
    }
    let accounts = [client.account, second.account, third.account];
    eventually("the accounts are gone", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM account WHERE id = ANY($1)")
            .bind(accounts)
            .fetch_one(&mut system.behind("identity").await)
            .await
            .ok()?;
        (left == 0).then_some(())
    })
    .await;
    own.close();
    walk::password(&mut own, &client.email, PASSWORD).await;
    own.sees("De gegevens kloppen niet.");
    // R55: of them nothing is left, in no service.
    for service in ["identity", "messaging", "dossier"] {
        walk::nothing_is_left(&system, service, &accounts, &client.email).await;
    }
}

/// R60: a staff system looks along; the page says so, and nothing can be changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_coach_looks_along_under_their_own_name_and_can_change_nothing() {
    let system = System::start().await;
    let ecd = system.ecd("rozelaar");
    let person = ecd.register("mevrouw E. Visser").await;
    ecd.report(&person, "Samen gewandeld.").await.unwrap();
    let request = StartImpersonationRequest {
        account_id: person.account.to_string(),
        impersonator: "coach K. Bakker".to_owned(),
    };
    let url = ecd.identity().await.unwrap().start_impersonation(request).await.unwrap().into_inner().url;
    let path = format!("/impersonate/{}", url.rsplit('/').next().unwrap());
    let mut visitor = Visitor::at(&system, "rozelaar");
    visitor.open(&path).await.sees("Meekijken namens iemand anders");
    visitor.press("Begin met meekijken", &[]).await;
    visitor.sees("coach K. Bakker kijkt mee namens mevrouw E. Visser. Alles wordt vastgelegd.");
    visitor.open("/reports").await.sees("Samen gewandeld.").sees("coach K. Bakker kijkt mee");
    for path in ["/account", "/account/security", "/account/email"] {
        visitor.open(path).await.sees("Dit kan alleen de persoon zelf doen.");
    }
    let session = visitor.cookie("__Host-session").unwrap().to_owned();
    let portal = system.portal("rozelaar");
    for (path, body) in [
        ("/step-up/send", json!({ "purpose": "level" })),
        ("/account/preferences", json!({ "language": "en", "text_size": "large" })),
        ("/users/new", json!({ "name": "X", "email": "x@voorbeeld.example", "relation": "relative" })),
    ] {
        let refused = portal.post(path, &session, &body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "R60: {path} {refused:?}");
    }
    let by: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_record WHERE person_impersonator = 'coach K. Bakker'")
            .fetch_one(&mut system.behind("dossier").await)
            .await
            .unwrap();
    assert!(by > 0, "R60: written down under the coach's name");
    visitor.open(&path).await;
    visitor.press("Begin met meekijken", &[]).await.sees("Deze link werkt niet meer.");
    for (name, text) in system.logs() {
        assert!(!text.contains(url.rsplit('/').next().unwrap()), "the link stands in {name}");
    }
}
