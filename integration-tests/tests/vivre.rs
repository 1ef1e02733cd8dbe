//! Vivre Kinderthuiszorg and Hilverzorg: a code on a new device, invitations by the client, logging out with a question.

use integration_tests::{System, Visitor, ecd::person, portal::PASSWORD, portal::Seen};
use proto::identity::v1::RelationKind;

use crate::walk;

/// V1–V10, V51–V52: a new device, a first login, a favourite, and out again.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_is_verified_once_and_logging_out_is_asked_again() {
    let system = System::start().await;
    let person = system.ecd("vivre").register("mevrouw C. Jansen").await;
    let mut visitor = Visitor::at(&system, "vivre");
    visitor.open("/login").await.sees("Mijn Vivre");
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "Wachtwoord"], "V1–V4: one address that lasts");
    let welcome = system.welcome_password(&person.email).await;
    walk::password(&mut visitor, &person.email, &welcome).await;
    visitor.sees("Apparaat verificatie");
    assert_eq!(visitor.path, "/login/device", "V5");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    assert_eq!(code.len(), 6, "V6: {}", sms.text);
    visitor.press("Code controleren", &[("Code", &code)]).await.sees("Kies een eigen wachtwoord");
    // V8, V9: the old password, and the new one; V10: logged in with that.
    let own = [
        ("Wachtwoord uit de e-mail", &*welcome),
        ("Nieuw wachtwoord", PASSWORD),
        ("Nieuw wachtwoord, nog een keer", PASSWORD),
    ];
    visitor.press("Wachtwoord wijzigen", &own).await.sees("Welkom mevrouw C. Jansen");
    // V51, V52.
    visitor.follow("Uitloggen").await.sees("Weet u zeker dat u wilt uitloggen?");
    visitor.follow("Nee").await.sees("Welkom mevrouw C. Jansen");
    visitor.follow("Uitloggen").await;
    visitor.press("Ja", &[]).await.sees("U bent uitgelogd.");

    // V7: the first time alone. V2: a favourite leads back to where one wanted to be.
    visitor.close();
    visitor.open("/reports").await;
    walk::password(&mut visitor, &person.email, PASSWORD).await;
    assert_eq!(visitor.path, "/reports", "V2");
    walk::mailed(&system, &person.email, "ingelogd met een nieuw apparaat").await;
    visitor.follow("Mijn profiel").await.follow("Apparaten en inloggen").await.sees("Firefox, Windows");
    visitor.press("Vergeet dit apparaat", &[]).await.sees("Wij onthouden geen apparaten van u.");
    visitor.close();
    walk::password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Apparaat verificatie");
}

/// V11–V17: a wrong password says so, and a link brings a new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_by_a_link_and_the_device_asks_a_code_again() {
    let system = System::start().await;
    let person = system.ecd("vivre").register("mevrouw C. Jansen").await;
    let mut visitor = Visitor::at(&system, "vivre");
    walk::first_login(&system, &mut visitor, &person, &person.email).await;
    visitor.close();
    walk::password(&mut visitor, &person.email, "verkeerd wachtwoord").await;
    visitor.sees("De gegevens kloppen niet.");
    visitor.follow("Wachtwoord vergeten?").await;
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "E-mailadres"], "V11–V13");
    let fields = [("Gebruikersnaam", &*person.email), ("E-mailadres", &*person.email)];
    visitor.press("Wachtwoord resetten", &fields).await.sees("Als deze gegevens kloppen");
    let mail = walk::mailed(&system, &person.email, "/password/reset/").await;
    let link = mail.text.split_whitespace().find(|word| word.contains("/password/reset/")).unwrap();
    let path = format!("/password/reset/{}", link.rsplit('/').next().unwrap());
    visitor.open(&path).await.sees("Kies een nieuw wachtwoord");
    assert_eq!(
        visitor.labels(),
        ["Gebruikersnaam", "Nieuw wachtwoord", "Nieuw wachtwoord, nog een keer"],
        "V14–V16"
    );
    let new = "Een heel nieuw wachtwoord";
    let fields =
        |name| [("Gebruikersnaam", name), ("Nieuw wachtwoord", new), ("Nieuw wachtwoord, nog een keer", new)];
    visitor.press("Wachtwoord wijzigen", &fields("iemand anders")).await.sees("Dit klopt niet.");
    visitor.press("Wachtwoord wijzigen", &fields(&person.email)).await.sees("Uw wachtwoord is gewijzigd.");
    let seen = Seen::now(&system, &person).await;
    walk::password(&mut visitor, &person.email, new).await;
    visitor.sees("Apparaat verificatie");
    walk::code(&system, &mut visitor, &person, seen).await;
    visitor.sees("Welkom");
    visitor.open(&path).await;
    visitor.press("Wachtwoord wijzigen", &fields(&person.email)).await.sees("Deze link werkt niet meer.");
    for (name, text) in system.logs() {
        assert!(!text.contains(link.rsplit('/').next().unwrap()), "V17: the link stands in {name}");
    }
}

/// V18–V20, V45–V50: the client invites somebody, step by step.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_adds_somebody_gives_rights_and_the_guest_accepts() {
    let system = System::start().await;
    let ecd = system.ecd("vivre");
    let client = ecd.register("mevrouw C. Jansen").await;
    let guest = person(client.client.clone(), String::new());
    let mut visitor = Visitor::at(&system, "vivre");
    walk::first_login(&system, &mut visitor, &client, &client.email).await;
    // V45: by one's own name at the top right.
    visitor.follow("mevrouw C. Jansen").await.follow("Gebruikersbeheer").await;
    visitor.follow("Gebruiker toevoegen").await;
    let fields = [
        ("Naam", "Petra Jansen"),
        ("E-mailadres", guest.email.as_str()),
        ("Mobiel nummer", "020 1234567"),
        ("Familie of vriend", "yes"),
    ];
    visitor.press("Opslaan", &fields).await.sees("Dit is geen mobiel nummer");
    assert_eq!(visitor.value("name").as_deref(), Some("Petra Jansen"), "nothing is lost");
    visitor.press("Opslaan", &[("Mobiel nummer", &guest.phone)]).await.sees("Wat mag Petra Jansen?");
    let boxes = ["reports-view", "users-view", "users-write"];
    assert!(boxes.iter().all(|tick| !visitor.is_ticked(tick)), "V46–V48: without ticks");
    let path = visitor.path.clone();
    visitor
        .open("/users")
        .await
        .sees("Petra Jansen")
        .sees("Toegevoegd, nog geen e-mail gekregen")
        .sees("Nog geen rechten.");
    visitor.open(&path).await;
    visitor.tick_and_press("Opslaan", &["reports-view"]).await.sees("De rechten zijn opgeslagen.");
    visitor.sees("Uitgenodigd, nog niet aangenomen");
    let mut mails = system.messages(&guest.email, 1).await;
    assert_eq!(mails.len(), 1, "V48: none before the rights");
    let mail = mails.remove(0);
    assert!(mail.text.contains("mevrouw C. Jansen nodigt u uit"), "V49, V50: {}", mail.text);

    let mut other = Visitor::at(&system, "vivre");
    let seen = Seen::now(&system, &guest).await;
    let welcome = walk::line(&mail.text, "Uw wachtwoord voor de eerste keer: ");
    walk::password(&mut other, &guest.email, &welcome).await;
    walk::code(&system, &mut other, &guest, seen).await;
    walk::own_password(&mut other, &welcome).await;
    other.sees("Uitnodigingen").sees("mevrouw C. Jansen nodigt u uit");
    other.open("/reports").await;
    assert!(other.path.starts_with("/login"), "V19, V20: no portal before");
    other.open("/login/invitation").await;
    other.press("Uitnodiging aannemen", &[]).await.sees("U bekijkt het dossier van mevrouw C. Jansen.");
    other.follow("Rapportages").await.sees("Rapportages");
    other.open("/users").await.sees("Deze pagina is er niet, of is niet voor u.");
    visitor.open("/users").await.sees_no("Uitgenodigd, nog niet aangenomen");
    // V18: and it is taken away again, at once: what is open closes.
    let mut live = other.live().await;
    visitor
        .follow("Toegang stoppen van Petra Jansen")
        .await
        .sees("Wilt u de toegang van Petra Jansen stoppen?");
    visitor.press("Ja, stoppen", &[]).await.sees("De toegang is gestopt.").sees_no("Petra Jansen");
    let closed = async { while live.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(integration_tests::PATIENCE, closed).await.expect("the live stream closes");
    integration_tests::eventually("the guest sees nothing any more", async || {
        let mut look = other.again();
        look.open("/reports").await;
        look.text().contains("Deze pagina is er niet, of is niet voor u.").then_some(())
    })
    .await;
}

/// V18–V20: a contact person invites too; and whoever is invited may turn it down.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_person_adds_somebody_who_does_not_want_to() {
    let system = System::start().await;
    let ecd = system.ecd("vivre");
    let client = ecd.register("mevrouw C. Jansen").await;
    let contact =
        ecd.register_for(&client.client, "Henk Jansen", RelationKind::Relative, |_| {}).await.unwrap();
    let guest = person(client.client.clone(), String::new());
    let mut visitor = Visitor::at(&system, "vivre");
    walk::first_login(&system, &mut visitor, &contact, &contact.email).await;
    visitor.follow("Henk Jansen").await.follow("Gebruikersbeheer").await.follow("Gebruiker toevoegen").await;
    let fields = |email| {
        [
            ("Naam", "Petra Jansen"),
            ("E-mailadres", email),
            ("Mobiel nummer", guest.phone.as_str()),
            ("Familie of vriend", "yes"),
        ]
    };
    visitor.press("Opslaan", &fields(&contact.email)).await.sees("Dit is uw eigen e-mailadres.");
    visitor.press("Opslaan", &fields(&guest.email)).await.sees("Wat mag Petra Jansen?");
    visitor.tick_and_press("Opslaan", &["reports-view"]).await.sees("De rechten zijn opgeslagen.");
    let mail = system.messages(&guest.email, 1).await.remove(0);
    assert!(mail.text.contains("Henk Jansen nodigt u uit"), "V18: {}", mail.text);

    let mut other = Visitor::at(&system, "vivre");
    let seen = Seen::now(&system, &guest).await;
    let welcome = walk::line(&mail.text, "Uw wachtwoord voor de eerste keer: ");
    walk::password(&mut other, &guest.email, &welcome).await;
    walk::code(&system, &mut other, &guest, seen).await;
    walk::own_password(&mut other, &welcome).await;
    other.sees("Henk Jansen nodigt u uit");
    other.press("Niet aannemen", &[]).await.sees("Welkom Petra Jansen");
    other.open("/reports").await.sees("Deze pagina is er niet, of is niet voor u.");
    visitor.open("/users").await.sees_no("Petra Jansen");
}
