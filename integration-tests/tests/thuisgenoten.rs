//! Thuisgenoten: each login needs a code by e-mail; a temporary password replaces a forgotten one; people
//! change their own data.

use integration_tests::{System, Visitor, portal::PASSWORD};
use reqwest::StatusCode;

use crate::walk;

const NEW: &str = "Een heel nieuw wachtwoord";

/// T1, T5, T8–T10, T12–T24: the first login, from the welcome message to the start page.
#[tokio::test(flavor = "multi_thread")]
async fn first_login_needs_mailed_password_and_code() {
    let system = System::start().await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    // T12: where the address names no organisation, the login page asks for the organisation's name.
    let mut anywhere = Visitor::at_host(&system, "localhost");
    anywhere.open("/").await.sees("Inloggen");
    assert_eq!(anywhere.labels(), ["Organisatie", "Gebruikersnaam", "Wachtwoord"], "T12");
    let welcome = system.welcome_password(&person.email).await;
    let mail = system.mailbox(Some(&person.email)).await.pop().unwrap();
    assert!(mail.text.contains(&person.email), "T9, T10: {}", mail.text);
    let fields =
        [("Organisatie", "Thuisgenoten"), ("Gebruikersnaam", &*person.email), ("Wachtwoord", &*welcome)];
    anywhere.press("Inloggen", &fields).await.sees("Vul uw code in");

    // Wait for the code of this login, so that the next login does not take it for its own.
    system.code_beyond(&person.email, 1).await;

    let mut visitor = Visitor::at(&system, "thuisgenoten");
    // T5: the button on the organisation's own site leads to the portal's address, which leads to the login.
    visitor.open("/").await.sees("MijnThuisgenotenDossier").sees("Inloggen");
    assert_eq!(visitor.path, "/login", "T1, T5");
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "Wachtwoord"], "T8");
    let before = system.mailbox(Some(&person.email)).await.len();
    visitor.press("Inloggen", &[("Gebruikersnaam", &person.email), ("Wachtwoord", &welcome)]).await;
    visitor.sees("Vul uw code in").sees("•••@voorbeeld.example");
    assert_eq!(visitor.path, "/login/code", "T13, T14");
    // T18: a new code can be asked for after a minute, so that nobody can fill a person's mailbox.
    visitor.press("Opnieuw", &[]).await.sees("Wacht een minuut voordat u een nieuwe code vraagt.");
    let code = system.code_beyond(&person.email, before).await;
    let mail = system.mailbox(Some(&person.email)).await.remove(0);
    assert!(mail.text.contains("5 minuten") && !mail.subject.contains(&code), "T17: {}", mail.text);
    visitor.press("Verzenden", &[("Code", &code)]).await.sees("Kies een eigen wachtwoord");
    assert_eq!(
        visitor.labels(),
        ["Wachtwoord uit de e-mail", "Nieuw wachtwoord", "Nieuw wachtwoord, nog een keer"],
        "T15, T16, T19, T20"
    );
    visitor.sees("Minstens 10 tekens.").sees("een wachtwoord dat alleen u kent");
    let own = |repeat| {
        [
            ("Wachtwoord uit de e-mail", welcome.clone()),
            ("Nieuw wachtwoord", PASSWORD.to_owned()),
            ("Nieuw wachtwoord, nog een keer", String::from(repeat)),
        ]
    };
    let pairs = own("iets anders");
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(label, value)| (*label, value.as_str())).collect();
    visitor.press("Wijzig wachtwoord", &pairs).await.sees("De twee nieuwe wachtwoorden zijn niet gelijk.");
    let pairs = own(PASSWORD);
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(label, value)| (*label, value.as_str())).collect();
    visitor.press("Wijzig wachtwoord", &pairs).await.sees("Welkom, mevrouw A. de Vries");
    assert_eq!(visitor.path, "/", "T21–T24");
}

/// T17, T18, T25–T35: a code works for five minutes, "Opnieuw" sends another code, a temporary password works
/// for four hours.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_5_minutes_and_a_temporary_password_4_hours() {
    let system = System::start().await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    system.portal("thuisgenoten").first_login(&system, &person).await;
    let mut visitor = Visitor::at(&system, "thuisgenoten");
    let before = system.mailbox(Some(&person.email)).await.len();
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    let code = system.code_beyond(&person.email, before).await;
    system.set_clock_offset(200).await;
    visitor.press("Verzenden", &[("Code", &code)]).await.sees("Welkom");
    visitor.press("Uitloggen", &[]).await;
    let before = system.mailbox(Some(&person.email)).await.len();
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    let old = system.code_beyond(&person.email, before).await;
    let start = 200 + 301;
    system.set_clock_offset(start).await;
    visitor.press("Verzenden", &[("Code", &old)]).await.sees("Deze code werkt niet meer.");
    visitor.press("Opnieuw", &[]).await.sees("We hebben een nieuwe code gestuurd.");
    let new = system.code_beyond(&person.email, before + 1).await;
    visitor.press("Verzenden", &[("Code", &new)]).await.sees("Welkom");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");

    // T25: several wrong passwords block the login for a while. The page's only answer says what to do.
    visitor.open("/login").await;
    for _ in 0..2 {
        walk::enter_password(&mut visitor, &person.email, "verkeerd").await;
        visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    }
    system.shift_login_waits(60).await;
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    visitor.follow("Wachtwoord vergeten? Klik hier").await.sees("Wachtwoord vergeten");
    assert_eq!(visitor.labels(), ["Gebruikersnaam"], "T26, T27: the address names the organisation");

    let mails = system.mailbox(Some(&person.email)).await.len();
    visitor.press("Wachtwoord resetten", &[("Gebruikersnaam", &person.email)]).await;
    visitor.sees("Wij hebben u een e-mail gestuurd, als wij deze gegevens kennen.");
    system.messages(&person.email, mails + 1).await;
    // T27: the same at an address that names no organisation.
    let mut anywhere = Visitor::at_host(&system, "localhost");
    anywhere.open("/password/forgotten").await;
    assert_eq!(anywhere.labels(), ["Organisatie", "Gebruikersnaam", "E-mailadres"], "T27");
    let fields = [
        ("Organisatie", "Thuisgenoten"),
        ("Gebruikersnaam", &*person.email),
        ("E-mailadres", &*person.email),
    ];
    anywhere
        .press("Nieuw wachtwoord aanvragen", &fields)
        .await
        .sees("Wij hebben u een e-mail gestuurd, als wij deze gegevens kennen.");
    let sent = system.messages(&person.email, mails + 2).await;
    assert!(sent[0].text.contains("4 uur"), "T28–T30: {}", sent[0].text);
    let [temporary, former] =
        [0, 1].map(|it| walk::rest_of_line(&sent[it].text, "Uw tijdelijke wachtwoord: "));
    assert_ne!(temporary, former, "T30: another one each time");
    visitor.open("/login").await;
    walk::enter_password(&mut visitor, &person.email, &former).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    system.set_clock_offset(start + 4 * 3600 - 600).await;
    let before = system.mailbox(Some(&person.email)).await.len();
    visitor.open("/login").await;
    walk::enter_password(&mut visitor, &person.email, &temporary).await;
    visitor.sees("Vul uw code in");
    // T33: the code after a temporary password also works for five minutes.
    let code = system.code_beyond(&person.email, before).await;
    system.set_clock_offset(start + 4 * 3600 - 299).await;
    visitor.press("Verzenden", &[("Code", &code)]).await.sees("Deze code werkt niet meer.");
    visitor.press("Opnieuw", &[]).await.sees("We hebben een nieuwe code gestuurd.");
    let code = system.code_beyond(&person.email, before + 1).await;
    visitor.press("Verzenden", &[("Code", &code)]).await.sees("tijdelijk wachtwoord");
    // T34: no page opens before the person has chosen an own password.
    visitor.open("/reports").await;
    assert!(visitor.path.starts_with("/login"), "T34: {}", visitor.path);
    visitor.open("/login/password").await;
    let own = [
        ("Tijdelijk wachtwoord uit de e-mail", &*temporary),
        ("Nieuw wachtwoord", NEW),
        ("Nieuw wachtwoord, nog een keer", NEW),
    ];
    visitor.press("Wijzig wachtwoord", &own).await.sees("Welkom");
    // T31–T35: a message says that the password was changed.
    walk::message_with(&system, &person.email, "Uw wachtwoord voor MijnThuisgenotenDossier is gewijzigd")
        .await;

    visitor.press("Uitloggen", &[]).await;
    visitor.open("/password/forgotten").await;
    visitor.press("Wachtwoord resetten", &[("Gebruikersnaam", &person.email)]).await;
    let mail =
        walk::newest_message_with(&system, &person.email, before + 4, "Uw tijdelijke wachtwoord: ").await;
    let late = walk::rest_of_line(&mail.text, "Uw tijdelijke wachtwoord: ");
    assert_ne!(late, temporary);
    system.set_clock_offset(start + 8 * 3600).await;
    visitor.open("/login").await;
    walk::enter_password(&mut visitor, &person.email, &late).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
}

/// T44–T45, T48, T87, T88: people change their own password, e-mail address and number; the user name follows
/// the address.
#[tokio::test(flavor = "multi_thread")]
async fn people_change_own_contact_data_and_the_user_name_follows() {
    let system = System::start().await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let mut visitor = Visitor::at(&system, "thuisgenoten");
    walk::first_login(&system, &mut visitor, &person, &person.email).await;
    visitor.follow("mevrouw A. de Vries").await.follow("Wachtwoord wijzigen").await;
    assert_eq!(
        visitor.labels(),
        ["Huidig wachtwoord", "Nieuw wachtwoord", "Nieuw wachtwoord, nog een keer"],
        "T87"
    );
    let change = |current, new| {
        [("Huidig wachtwoord", current), ("Nieuw wachtwoord", new), ("Nieuw wachtwoord, nog een keer", new)]
    };
    visitor.press("Wijzig wachtwoord", &change(PASSWORD, "welkom1234")).await;
    visitor.sees("Dit wachtwoord is makkelijk te raden");
    let unequal = [
        ("Huidig wachtwoord", PASSWORD),
        ("Nieuw wachtwoord", NEW),
        ("Nieuw wachtwoord, nog een keer", "iets anders"),
    ];
    visitor.press("Wijzig wachtwoord", &unequal).await.sees("De twee nieuwe wachtwoorden zijn niet gelijk.");
    visitor
        .press("Wijzig wachtwoord", &change("verkeerd", NEW))
        .await
        .sees("Uw huidige wachtwoord klopt niet.");
    system.shift_login_waits(-60).await;
    visitor.press("Wijzig wachtwoord", &change(PASSWORD, NEW)).await.sees("Uw wachtwoord is gewijzigd.");
    walk::message_with(&system, &person.email, "Uw wachtwoord voor MijnThuisgenotenDossier is gewijzigd")
        .await;

    let new = format!("nieuw.{}", person.email);
    visitor.follow("E-mailadres wijzigen").await.sees("E-mailadres wijzigen").sees("Stap 1 van 3");
    visitor.press("Code aanvragen", &[]).await.sees("We hebben een sms met een code gestuurd");
    // This code comes by SMS, although the login's code comes by e-mail: somebody who reads the person's mail
    // must not be able to change the address.
    let code = system.code_beyond(&person.phone, 0).await;
    visitor.press("Code controleren", &[("Code", &code)]).await.sees("Stap 2 van 3");
    visitor.press("Verder", &[("Nieuw e-mailadres", "")]).await.sees("Vul het e-mailadres in.");
    visitor
        .press("Verder", &[("Nieuw e-mailadres", "geen adres")])
        .await
        .sees("Vul een e-mailadres in, zoals naam@voorbeeld.nl.");
    visitor
        .press("Verder", &[("Nieuw e-mailadres", &new)])
        .await
        .sees("Stap 3 van 3")
        .sees("We hebben een code gestuurd naar het nieuwe e-mailadres.");
    let code = system.code_beyond(&new, 0).await;
    visitor.press("Code controleren", &[("Code", "000")]).await.sees("Deze code klopt niet.");
    visitor
        .press("Code controleren", &[("Code", &code)])
        .await
        .sees("Uw e-mailadres is gewijzigd.")
        .sees(&new);
    // T44, T45: a message to the old address says that the address was changed.
    walk::message_with(&system, &person.email, "Uw e-mailadres voor MijnThuisgenotenDossier is gewijzigd")
        .await;

    // T45: a quarter of an hour later, the number is changed too; the old number gets a message.
    system.set_clock_offset(900).await;
    let number = "+31687654321";
    visitor.follow("Telefoonnummer wijzigen").await.sees("Stap 1 van 3");
    let texts = system.mailbox(Some(&person.phone)).await.len();
    visitor.press("Code aanvragen", &[]).await;
    let code = system.code_beyond(&person.phone, texts).await;
    visitor.press("Code controleren", &[("Code", &code)]).await.sees("Stap 2 van 3");
    visitor
        .press("Verder", &[("Nieuw mobiel nummer", "06 87654321")])
        .await
        .sees("We hebben een sms met een code gestuurd naar het nieuwe nummer.");
    let code = system.code_beyond(number, 0).await;
    visitor
        .press("Code controleren", &[("Code", &code)])
        .await
        .sees("Uw telefoonnummer is gewijzigd.")
        .sees("06 87 65 43 21");
    walk::message_with(&system, &person.phone, "telefoonnummer").await;
    walk::message_with(&system, &new, "Uw telefoonnummer voor MijnThuisgenotenDossier is gewijzigd").await;

    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    visitor.open("/reports").await;
    assert_eq!(visitor.path, "/login?next=/reports", "T88: after logging out no page opens");
    walk::enter_password(&mut visitor, &person.email, NEW).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    walk::enter_password(&mut visitor, &new, NEW).await;
    visitor.sees("Vul uw code in");
    assert_eq!(visitor.status, StatusCode::OK, "T48");
}
