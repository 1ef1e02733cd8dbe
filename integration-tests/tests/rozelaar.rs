//! De Rozelaar: people type their own number to get a code; a password is valid for a year; a client has two
//! accounts and an extra one; access ends after care.

use integration_tests::{
    System, Visitor, eventually,
    portal::{MailboxMark, PASSWORD},
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

/// R1, R8–R18, R43–R44, R59: only the registered number gets a code, and the page does not show whether the
/// typed number was right.
#[tokio::test(flavor = "multi_thread")]
async fn another_number_gets_no_sms_and_the_same_page() {
    let system = System::start().await;
    let ecd = system.ecd("rozelaar");
    let (client, _) = ecd.register_client("mevrouw E. Visser").await.unwrap();
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
    walk::enter_password(&mut visitor, username, &welcome).await;
    assert_eq!(visitor.labels(), ["Uw mobiele nummer"], "R8–R10, R13");
    visitor
        .press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", "12345")])
        .await
        .sees("Vul een mobiel nummer in, zoals 06 12345678.");
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", "06 11223344")]).await;
    let wrong = visitor.text();
    visitor
        .press("Inloggen", &[("Code", "123456")])
        .await
        .sees("Deze code klopt niet. Controleer de cijfers.");

    visitor.open("/login").await;
    system.set_clock_offset(60).await;
    walk::enter_password(&mut visitor, username, &welcome).await;
    let typed = person.phone.replace("+31", "0");
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", &typed)]).await;
    let digits =
        |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    assert_eq!(digits(&visitor.text()), digits(&wrong), "the page does not show whether the number is right");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    let shown = walk::rest_of_line(&visitor.text(), "In de sms staat ").split(' ').next().unwrap().to_owned();
    assert!(sms.text.contains(&format!("{shown}-{code}")), "R14–R16: {}", sms.text);
    visitor.press("Inloggen", &[("Code", &format!("{shown}-{code}"))]).await;
    walk::choose_password(&mut visitor, &welcome).await;
    system.until_all_mail_is_sent().await;
    assert!(system.mailbox(Some("+31611223344")).await.is_empty(), "R13: the typed number gets nothing");
    assert_eq!(system.mailbox(Some(&person.phone)).await.len(), 1, "R13: the owner gets one code");
    // R43, R59: the page says separately who is logged in and whose dossier is shown.
    visitor
        .sees("Welkom, Eva Visser")
        .sees("U bent ingelogd als eva.visser1.")
        .sees("Dossier van mevrouw E. Visser")
        .sees("De Rozelaar");
    // R1: this person may see a part of the portal: reports, but not the management of users.
    visitor.open("/reports").await.sees("Rapportages");
    visitor.open("/users").await.sees("Deze pagina bestaat niet, of is niet voor u bedoeld.");
    visitor.follow("Mijn profiel").await.sees("Uw wachtwoord is geldig tot");
    visitor.follow("Wachtwoord wijzigen").await.sees("Huidig wachtwoord");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    assert_eq!(visitor.path, "/login", "R11, R17, R18, R44");

    // R15: a code works once. R12: a password works for a year; then the person must choose another one.
    system.set_clock_offset(60 + 364 * 86_400).await;
    let mut mark = MailboxMark::now(&system, &person).await;
    walk::enter_password(&mut visitor, username, PASSWORD).await;
    visitor.press("SMS-inlogcode aanvragen", &[("Uw mobiele nummer", &typed)]).await;
    let fresh = mark.next_code(&system, &person).await;
    visitor.press("Inloggen", &[("Code", &code)]).await.sees("Deze code klopt niet.");
    visitor.press("Inloggen", &[("Code", &fresh)]).await.sees("Welkom, Eva Visser");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    system.set_clock_offset(60 + 366 * 86_400).await;
    walk::login(&system, &mut visitor, &person, username).await;
    visitor.sees("Uw wachtwoord is te oud.");
    let change = |new| {
        [("Huidig wachtwoord", PASSWORD), ("Nieuw wachtwoord", new), ("Nieuw wachtwoord, nog een keer", new)]
    };
    visitor.press("Wijzig wachtwoord", &change(PASSWORD)).await.sees("Kies een ander wachtwoord");
    visitor.press("Wijzig wachtwoord", &change("Een heel nieuw wachtwoord")).await.sees("Welkom, Eva Visser");
}

/// R45–R50, R54–R55: two accounts, and a third one until an end date, which is moved. Six weeks after the end
/// of care all three are erased.
#[tokio::test(flavor = "multi_thread")]
async fn third_account_ends_on_its_day_and_all_end_after_care() {
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
    system.set_clock_offset(3 * 86_400).await;
    visitor.close();
    walk::login(&system, &mut visitor, &third, &third.email).await;
    visitor.open("/reports").await.sees("Rapportages").sees_no("is niet voor u");
    system.set_clock_offset(10 * 86_400).await;
    visitor.close();
    walk::login(&system, &mut visitor, &third, &third.email).await;
    visitor.open("/reports").await.sees("Deze pagina bestaat niet, of is niet voor u bedoeld.");

    // R54: care ends on day 10. After 35 more days people get a notice; after 42 more days their access ends.
    let mut own = Visitor::at(&system, "rozelaar");
    walk::first_login(&system, &mut own, &client, &client.email).await;
    let ended = EndCareRequest { client_id: client.client.clone(), ended_at: day(10) };
    ecd.dossier().await.unwrap().end_care(ended).await.unwrap();
    system.until_count("identity", "end_of_access", 1).await;
    system.set_clock_offset(46 * 86_400).await;
    let told = eventually("the notice", async || {
        let mails = system.mailbox(Some(&client.email)).await;
        mails.into_iter().find(|mail| mail.subject.contains("stopt binnenkort"))
    })
    .await;
    assert!(
        told.text.contains("Uw toegang tot dit dossier in Mijn Cliëntportaal stopt op"),
        "R54: {}",
        told.text
    );
    for next in [51, 53] {
        own.close();
        walk::login(&system, &mut own, &client, &client.email).await;
        own.open("/reports").await.sees("Rapportages").sees_no("is niet voor u");
        system.set_clock_offset(next * 86_400).await;
    }
    let accounts = [client.account, second.account, third.account];
    eventually("the accounts are gone", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM account WHERE id = ANY($1)")
            .bind(accounts)
            .fetch_one(&mut system.as_superuser("identity").await)
            .await
            .ok()?;
        (left == 0).then_some(())
    })
    .await;
    own.close();
    walk::enter_password(&mut own, &client.email, PASSWORD).await;
    own.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    // R55: no service holds data of these accounts any more.
    for service in ["identity", "messaging", "dossier"] {
        walk::nothing_is_left(&system, service, &accounts, &client.email).await;
    }
}

/// R60: a coach looks along in a person's name. Every page names the coach, and the coach can change nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_looks_along_is_named_and_changes_nothing() {
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
    visitor.open(&path).await.sees("Meekijken met iemand anders");
    visitor.press("Begin met meekijken", &[]).await;
    visitor.sees("coach K. Bakker kijkt mee in het portaal van mevrouw E. Visser. Wij leggen alles vast.");
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
            .fetch_one(&mut system.as_superuser("dossier").await)
            .await
            .unwrap();
    assert!(by > 0, "R60: the audit trail names the coach");
    visitor.open(&path).await;
    visitor.press("Begin met meekijken", &[]).await.sees("Deze link werkt niet meer.");
    for (name, text) in system.logs() {
        assert!(!text.contains(url.rsplit('/').next().unwrap()), "{name} contains the link");
    }
}
