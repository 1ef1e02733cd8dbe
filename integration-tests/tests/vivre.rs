//! Vivre Kinderthuiszorg: a code on a new device, a link that replaces a forgotten password, invitations by
//! the client or a contact person, a question before logging out.

use integration_tests::{System, Visitor, ecd::new_person, portal::MailboxMark, portal::PASSWORD};
use proto::identity::v1::RelationKind;

use crate::walk;

/// V1–V10, V51–V52: the first login on a new device, a bookmark, and logging out.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_needs_one_code_and_logout_asks_first() {
    let system = System::start().await;
    let person = system.ecd("vivre").register("mevrouw C. Jansen").await;
    let mut visitor = Visitor::at(&system, "vivre");
    visitor.open("/login").await.sees("Mijn Vivre");
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "Wachtwoord"], "V1–V4: one address that lasts");
    let welcome = system.welcome_password(&person.email).await;
    walk::enter_password(&mut visitor, &person.email, &welcome).await;
    visitor.sees("Apparaat verificatie");
    assert_eq!(visitor.path, "/login/device", "V5");
    let sms = system.messages(&person.phone, 1).await.remove(0);
    let code = sms.text.lines().last().unwrap().split_once(" #").unwrap().1.to_owned();
    assert_eq!(code.len(), 6, "V6: {}", sms.text);
    visitor.press("Code controleren", &[("Code", &code)]).await.sees("Kies een eigen wachtwoord");
    // V8, V9: the form asks the old and the new password. V10: the person is then logged in.
    let own = [
        ("Wachtwoord uit de e-mail", &*welcome),
        ("Nieuw wachtwoord", PASSWORD),
        ("Nieuw wachtwoord, nog een keer", PASSWORD),
    ];
    visitor.press("Wachtwoord wijzigen", &own).await.sees("Welkom, mevrouw C. Jansen");
    // V51, V52: logging out asks first; "Nee" keeps the person logged in.
    visitor.follow("Uitloggen").await.sees("Weet u zeker dat u wilt uitloggen?");
    visitor.follow("Nee").await.sees("Welkom, mevrouw C. Jansen");
    visitor.follow("Uitloggen").await;
    visitor.press("Ja", &[]).await.sees("U bent uitgelogd.");

    // V7: a known device needs no code. V2: a bookmark of a page leads to that page after the login.
    visitor.close();
    visitor.open("/reports").await;
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    assert_eq!(visitor.path, "/reports", "V2");
    walk::message_with(&system, &person.email, "ingelogd met een nieuw apparaat").await;
    visitor.follow("Mijn profiel").await.follow("Apparaten en inloggen").await.sees("Firefox, Windows");
    visitor.press("Dit apparaat vergeten", &[]).await.sees("Wij onthouden geen apparaten van u.");
    visitor.close();
    walk::enter_password(&mut visitor, &person.email, PASSWORD).await;
    visitor.sees("Apparaat verificatie");
}

/// V11–V17: after a wrong password, a link by e-mail leads to the choice of a new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_works_once_and_the_device_needs_a_code_again() {
    let system = System::start().await;
    let person = system.ecd("vivre").register("mevrouw C. Jansen").await;
    let mut visitor = Visitor::at(&system, "vivre");
    walk::first_login(&system, &mut visitor, &person, &person.email).await;
    visitor.close();
    walk::enter_password(&mut visitor, &person.email, "verkeerd wachtwoord").await;
    visitor.sees("Uw gebruikersnaam of wachtwoord klopt niet.");
    visitor.follow("Wachtwoord vergeten?").await;
    assert_eq!(visitor.labels(), ["Gebruikersnaam", "E-mailadres"], "V11–V13");
    let fields = [("Gebruikersnaam", &*person.email), ("E-mailadres", &*person.email)];
    visitor
        .press("Nieuw wachtwoord aanvragen", &fields)
        .await
        .sees("Wij hebben u een e-mail gestuurd, als wij deze gegevens kennen.");
    let mail = walk::message_with(&system, &person.email, "/password/reset/").await;
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
    visitor
        .press("Wachtwoord wijzigen", &fields("iemand anders"))
        .await
        .sees("Controleer uw gebruikersnaam.");
    // Whoever opens the link before, such as a mail scanner or another tab, uses nothing up.
    let mut other_tab = Visitor::at(&system, "vivre");
    other_tab.open(&path).await.sees("Kies een nieuw wachtwoord");
    visitor.press("Wachtwoord wijzigen", &fields(&person.email)).await.sees("Uw wachtwoord is gewijzigd.");
    let mark = MailboxMark::now(&system, &person).await;
    walk::enter_password(&mut visitor, &person.email, new).await;
    visitor.sees("Apparaat verificatie");
    walk::enter_code(&system, &mut visitor, &person, mark).await;
    visitor.sees("Welkom");
    visitor.open(&path).await.sees("Deze link werkt niet meer.");
    other_tab.press("Wachtwoord wijzigen", &fields(&person.email)).await.sees("Deze link werkt niet meer.");
    for (name, text) in system.logs() {
        assert!(!text.contains(link.rsplit('/').next().unwrap()), "V17: {name} contains the link");
    }
}

/// V18–V20, V45–V50: the client invites a guest, gives rights and later takes them away.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_invites_a_guest_who_accepts_and_loses_access() {
    let system = System::start().await;
    let ecd = system.ecd("vivre");
    let client = ecd.register("mevrouw C. Jansen").await;
    let guest = new_person(client.client.clone(), String::new());
    let mut visitor = Visitor::at(&system, "vivre");
    walk::first_login(&system, &mut visitor, &client, &client.email).await;
    // V45: the client's own name at the top right leads to the management of users.
    visitor.follow("mevrouw C. Jansen").await.follow("Gebruikersbeheer").await;
    visitor.follow("Gebruiker toevoegen").await;
    let fields = [
        ("Naam", "Petra Jansen"),
        ("E-mailadres", guest.email.as_str()),
        ("Mobiel nummer", "020 1234567"),
        ("Familie of vriend", "yes"),
    ];
    visitor.press("Opslaan", &fields).await.sees("Vul een mobiel nummer in, zoals 06 12345678.");
    assert_eq!(visitor.value("name").as_deref(), Some("Petra Jansen"), "nothing is lost");
    visitor.press("Opslaan", &[("Mobiel nummer", &guest.phone)]).await.sees("Wat mag Petra Jansen?");
    let boxes = ["reports-view", "users-view", "users-write"];
    assert!(boxes.iter().all(|tick| !visitor.is_ticked(tick)), "V46–V48: no right is ticked in advance");
    let path = visitor.path.clone();
    visitor
        .open("/users")
        .await
        .sees("Petra Jansen")
        .sees("Toegevoegd, nog geen e-mail gekregen")
        .sees("Nog geen rechten");
    // Without a tick no invitation goes, and the words say so.
    visitor
        .open(&path)
        .await
        .press("Opslaan", &[])
        .await
        .sees("U hebt geen rechten gekozen. Petra Jansen krijgt daarom nog geen e-mail.")
        .sees("Toegevoegd, nog geen e-mail gekregen");
    visitor.open(&path).await;
    visitor
        .tick_and_press("Opslaan", &["reports-view"])
        .await
        .sees("Opgeslagen. Petra Jansen krijgt een e-mail.");
    visitor.sees("Uitgenodigd, nog niet aangenomen");
    let mut mails = system.messages(&guest.email, 1).await;
    assert_eq!(mails.len(), 1, "V48: no mail before the rights are given");
    let mail = mails.remove(0);
    assert!(mail.text.contains("mevrouw C. Jansen nodigt u uit"), "V49, V50: {}", mail.text);

    let mut other = Visitor::at(&system, "vivre");
    let mark = MailboxMark::now(&system, &guest).await;
    let welcome = walk::rest_of_line(&mail.text, "Uw wachtwoord voor de eerste keer: ");
    walk::enter_password(&mut other, &guest.email, &welcome).await;
    walk::enter_code(&system, &mut other, &guest, mark).await;
    walk::choose_password(&mut other, &welcome).await;
    other.sees("Uitnodigingen").sees("mevrouw C. Jansen vraagt of u wilt meekijken");
    other.open("/reports").await;
    assert!(other.path.starts_with("/login"), "V19, V20: no portal before the guest accepts");
    other.open("/login/invitation").await;
    other.press("Uitnodiging aannemen", &[]).await.sees("Dossier van mevrouw C. Jansen");
    other.follow("Mijn Dossier").await.sees("Rapportages");
    other.open("/users").await.sees("Deze pagina bestaat niet, of is niet voor u bedoeld.");
    visitor.open("/users").await.sees_no("Uitgenodigd, nog niet aangenomen");
    // V18: the client ends the access, which works at once: the guest's open live stream closes.
    let mut live = other.open_live_stream().await;
    visitor
        .follow("Toegang stoppen van Petra Jansen")
        .await
        .sees("Wilt u de toegang van Petra Jansen stoppen?");
    visitor.press("Toegang stoppen", &[]).await.sees("De toegang van Petra Jansen is gestopt.");
    visitor.open("/users").await.sees_no("Petra Jansen");
    let closed = async { while live.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(integration_tests::WAIT_LIMIT, closed).await.expect("the live stream closes");
    integration_tests::eventually("the guest sees nothing any more", async || {
        let mut look = other.other_tab();
        look.open("/reports").await;
        look.text().contains("Deze pagina bestaat niet, of is niet voor u bedoeld.").then_some(())
    })
    .await;
}

/// V18–V20: a contact person may invite too, and a guest may decline.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_person_invites_a_guest_who_declines() {
    let system = System::start().await;
    let ecd = system.ecd("vivre");
    let client = ecd.register("mevrouw C. Jansen").await;
    let contact =
        ecd.register_for(&client.client, "Henk Jansen", RelationKind::Relative, |_| {}).await.unwrap();
    let guest = new_person(client.client.clone(), String::new());
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
    visitor
        .tick_and_press("Opslaan", &["reports-view"])
        .await
        .sees("Opgeslagen. Petra Jansen krijgt een e-mail.");
    let mail = system.messages(&guest.email, 1).await.remove(0);
    assert!(mail.text.contains("Henk Jansen nodigt u uit"), "V18: {}", mail.text);

    let mut other = Visitor::at(&system, "vivre");
    let mark = MailboxMark::now(&system, &guest).await;
    let welcome = walk::rest_of_line(&mail.text, "Uw wachtwoord voor de eerste keer: ");
    walk::enter_password(&mut other, &guest.email, &welcome).await;
    walk::enter_code(&system, &mut other, &guest, mark).await;
    walk::choose_password(&mut other, &welcome).await;
    other.sees("Henk Jansen vraagt of u wilt meekijken");
    other.press("Uitnodiging weigeren", &[]).await.sees("Welkom, Petra Jansen");
    other.open("/reports").await.sees("Deze pagina bestaat niet, of is niet voor u bedoeld.");
    visitor.open("/users").await.sees_no("Petra Jansen");
}
