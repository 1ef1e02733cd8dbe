//! Profila Zorggroep: the coach creates accounts; each login needs a code by SMS, of which the page shows a
//! part; passwords mix kinds of characters; each legal entity has its own terms.

use integration_tests::{System, Visitor, portal::PASSWORD};
use proto::identity::v1::{RegisterAccountRequest, RelationKind, RepresentativeKind};

use crate::walk;

/// P2, P4–P5, P7–P8, P12, P14–P18, P20–P36, P38–P46, P48–P50, P52–P53: from the coach's form to the portal,
/// and out again.
#[tokio::test(flavor = "multi_thread")]
async fn first_login_needs_sms_code_and_accepted_terms() {
    let system = System::start().await;
    let ecd = system.ecd("profila");
    let (client, _) = ecd.register_client("de heer B. Bakker").await.unwrap();
    // P12, P14: a registration without e-mail address, mobile number or consent is refused.
    let refused = async |change: fn(&mut RegisterAccountRequest)| {
        ecd.register_for(&client, "Niemand", RelationKind::Relative, change).await.unwrap_err()
    };
    for change in [
        (|request| request.email.clear()) as fn(&mut RegisterAccountRequest),
        |request| request.phone.clear(),
        |request| request.consent = None,
    ] {
        assert_eq!(refused(change).await.code(), tonic::Code::InvalidArgument);
    }
    // P5, P14: the coach creates an account for each person on the form.
    let username = "jan.bakker1";
    let person = ecd
        .register_for(&client, "Jan Bakker", RelationKind::Representative, |request| {
            request.username = username.to_owned();
            request.legal_entity = "ebc-zorg".to_owned();
            request.representative = RepresentativeKind::Court.into();
        })
        .await
        .unwrap();
    let relative = ecd.register_for(&client, "Piet Bakker", RelationKind::Relative, |request| {
        request.username = "piet.bakker".to_owned();
    });
    let relative = relative.await.unwrap();
    system.welcome_password(&relative.email).await;
    let welcome = system.welcome_password(&person.email).await;
    let mail = system.mailbox(Some(&person.email)).await.pop().unwrap();
    for words in [username, &welcome, "/login", "Na het inloggen krijgt u een code."] {
        assert!(mail.text.contains(words), "P15–P17: {}", mail.text);
    }

    let mut visitor = Visitor::at(&system, "profila");
    visitor.open("/").await.sees("MijnDossier").sees("Wachtwoord vergeten?");
    assert_eq!(visitor.path, "/login", "P2, P20, P21");
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "Wachtwoord"], "P22");
    // P4: an account is personal. At this organisation the e-mail address is not the user name.
    walk::enter_password(&mut visitor, &person.email, &welcome).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    walk::enter_password(&mut visitor, username, &welcome).await;
    // P24, done better: the code is offered after the password, so that nobody learns from a name alone
    // whether the account exists.
    visitor.sees("SMS-inlogcode aanvragen");
    visitor.press("SMS-inlogcode aanvragen", &[]).await.sees("Inloggen").sees("Geen sms gekregen?");
    let mut texts = system.messages(&person.phone, 1).await;
    assert_eq!(texts.len(), 1, "P23–P27: one code, sent only when asked for");
    let sms = texts.remove(0);
    assert_eq!(sms.kind, "sms", "P18, P29");
    assert_eq!(visitor.labels(), ["Inlogcode"], "P28, P33");
    let shown = walk::rest_of_line(&visitor.text(), "In de sms staat ").split(' ').next().unwrap().to_owned();
    assert!(
        shown.len() == 4 && sms.text.contains(&format!("{shown}-")),
        "P28, P30, P33: {shown} {}",
        sms.text
    );
    let typed = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    assert_eq!(typed.len(), 6, "P31: {}", sms.text);
    visitor.press("Inloggen", &[("Inlogcode", &typed)]).await.sees("Kies een eigen wachtwoord");

    // P26, P34–P36, P38, P39.
    visitor.sees("Gebruik hoofdletters, kleine letters en een teken dat geen letter is, zoals 7, @ of &.");
    visitor.sees("Minstens 8 tekens.");
    let own = |new, repeat| {
        [("Wachtwoord uit de e-mail", &*welcome), ("Nieuw wachtwoord", new), ("Bevestig wachtwoord", repeat)]
    };
    visitor.press("Wijzig wachtwoord", &own("vier woorden op rij", "vier woorden op rij")).await;
    visitor.sees("Gebruik hoofdletters, kleine letters en een teken dat geen letter is.");
    visitor.press("Wijzig wachtwoord", &own(PASSWORD, "iets anders")).await.sees("niet gelijk");
    visitor.press("Wijzig wachtwoord", &own(PASSWORD, PASSWORD)).await;

    // P8, P40–P46, P48: the page shows the terms of the person's own legal entity.
    visitor.sees("Voorwaarden EBC Zorg").sees("EBC Zorg, en voor hun vertegenwoordigers");
    visitor.sees("Het is geen volledig inzicht");
    visitor.open("/").await;
    assert_eq!(visitor.path, "/login", "no portal before the terms are accepted");
    visitor.open("/login/terms").await;
    let agree = "Ik ga akkoord met de voorwaarden en ga door naar het cliëntportaal";
    visitor.press(agree, &[]).await.sees("Welkom, Jan Bakker");
    assert_eq!(visitor.path, "/", "P49");
    visitor.sees("Dossier van de heer B. Bakker");
    // P7, P41–P43: afterwards, the terms of every legal entity of the group can be read.
    visitor.follow("Jan Bakker").await.sees("Mijn profiel");
    visitor.follow("Voorwaarden").await;
    for entity in ["Profila Zorg", "EBC Zorg", "Grip op je Leven", "Kansrijk Wonen"] {
        visitor.sees(&format!("Voorwaarden {entity}"));
    }
    // P50, P52: the person's own name in the bar leads to the change of the password.
    visitor.follow("Jan Bakker").await.follow("Wachtwoord wijzigen").await;
    assert_eq!(visitor.labels(), ["Huidig wachtwoord", "Nieuw wachtwoord", "Bevestig wachtwoord"], "P35");
    visitor.press("Uitloggen", &[]).await.sees("U bent uitgelogd.");
    assert_eq!(visitor.path, "/login", "P53");
    // P7, P42: the terms can be read without logging in.
    visitor.open("/terms").await.sees("Voorwaarden Grip op je Leven").sees("en voor hun vertegenwoordigers");
    visitor.open("/login").await;

    // P25, P26: the password of the mail worked once. P32: each login has another code.
    walk::enter_password(&mut visitor, username, &welcome).await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    system.set_clock_offset(60).await;
    walk::login(&system, &mut visitor, &person, username).await;
    visitor.sees("Welkom, Jan Bakker");
    let codes: Vec<String> =
        system.mailbox(Some(&person.phone)).await.into_iter().map(|sms| sms.text).collect();
    assert_ne!(codes[0], codes[1], "P32");
}

/// P13, P83: the coach's change of an e-mail address needs no code; and the client sees who has access today.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_coach_changes_an_address_and_access_is_listed() {
    let system = System::start().await;
    let ecd = system.ecd("profila");
    let client = ecd.register("de heer B. Bakker").await;
    ecd.register_for(&client.client, "Jan Bakker", RelationKind::Relative, |_| {}).await.unwrap();
    let over =
        ecd.register_for(&client.client, "Oude Kennis", RelationKind::ThirdParty, |_| {}).await.unwrap();
    let end = proto::identity::v1::EndAccessRequest {
        account_id: over.account.to_string(),
        client_id: client.client.clone(),
    };
    ecd.identity().await.unwrap().end_access(end).await.unwrap();
    let mut visitor = Visitor::at(&system, "profila");
    walk::first_login(&system, &mut visitor, &client, &client.email).await;
    let agree = "Ik ga akkoord met de voorwaarden en ga door naar het cliëntportaal";
    visitor.press(agree, &[]).await;
    visitor.follow("Wie heeft toegang").await.sees("Wie heeft er vandaag toegang tot het dossier?");
    visitor.sees("de heer B. Bakker").sees("dit bent u").sees("Jan Bakker").sees("Familie of vriend");
    visitor.sees_no("Oude Kennis").sees("rapportages").sees("toestemming van de cliënt");

    visitor.follow("Mijn profiel").await.sees("Klopt uw e-mailadres of telefoonnummer niet meer?");
    visitor.sees_no("E-mailadres wijzigen");
    for path in ["/account/email", "/account/phone", "/users/new"] {
        // Who may not do something learns that before anything is typed, with the number to call.
        visitor.open(path).await.sees("Dit doet de organisatie voor u").sees("0800 - 222 4455");
        assert_eq!(visitor.labels(), Vec::<String>::new(), "{path}");
    }
    let request = proto::identity::v1::UpdateAccountContactRequest {
        account_id: client.account.to_string(),
        email: "nieuw@voorbeeld.example".to_owned(),
        phone: String::new(),
    };
    ecd.identity().await.unwrap().update_account_contact(request).await.unwrap();
    visitor.open("/account").await.sees("nieuw@voorbeeld.example");
    // P13: a message to the old address says that the address was changed.
    walk::message_with(&system, &client.email, "Uw e-mailadres voor MijnDossier is gewijzigd").await;
}
