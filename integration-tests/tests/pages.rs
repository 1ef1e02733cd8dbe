//! Every page of logging in, accounts and access, in a real browser: looked at on a phone and a desktop, held
//! against axe, done by keyboard alone and with scripts off.

use integration_tests::{
    Browser, Registered, System,
    portal::{MailboxMark, PASSWORD},
};
use proto::identity::v1::{RelationKind, StartImpersonationRequest};

use crate::walk;

/// Types name and password, then the code, however the organisation sends it. The next page is the choice of
/// an own password, or the portal. With `look`, takes pictures on the way.
async fn log_in(
    browser: &Browser,
    system: &System,
    organisation: &str,
    person: &Registered,
    password: &str,
    look: bool,
) {
    let mut mark = MailboxMark::now(system, person).await;
    browser.go(&format!("{}/login", system.address(organisation))).await;
    browser.type_into("#username", &person.email).await;
    browser.type_into("#password", password).await;
    browser.press("main form button[type=submit]").await;
    browser.sees("code").await;
    if look {
        browser.look(&format!("{organisation}-second-step"), true).await;
    }
    if browser.client.source().await.unwrap().contains("/login/code/send") {
        if browser.client.source().await.unwrap().contains("id=\"phone\"") {
            browser.type_into("#phone", &person.phone).await;
        }
        browser.press("main form button[type=submit]").await;
        browser.find("#code").await;
        if look {
            browser.look(&format!("{organisation}-code"), true).await;
        }
    }
    browser.find("#code").await;
    let code = mark.next_code(system, person).await;
    browser.type_into("#code", &code).await;
    browser.press("main form button[type=submit]").await;
}

async fn own_password(browser: &Browser, welcome: &str) {
    browser.type_into("#current_password", welcome).await;
    browser.type_into("#new_password", PASSWORD).await;
    browser.type_into("#repeat_password", PASSWORD).await;
    browser.press("main form > .zp-actions button[type=submit]").await;
}

/// An invited guest is asked to accept, and a coach who looks along sees the coach's own name on every page.
async fn guest_and_coach(browser: &Browser, system: &System, person: &Registered) {
    let at = |path: &str| format!("{}{path}", system.address("vivre"));
    let mut guest = integration_tests::ecd::new_person(person.client.clone(), String::new());
    "petra@voorbeeld.example".clone_into(&mut guest.email);
    "+31612345678".clone_into(&mut guest.phone);
    let mail = system.messages(&guest.email, 1).await.remove(0);
    let welcome = walk::rest_of_line(&mail.text, "Uw wachtwoord voor de eerste keer: ");
    browser.go(&at("/logout")).await;
    browser.press("main form button").await;
    browser.sees("U bent uitgelogd.").await;
    log_in(browser, system, "vivre", &guest, &welcome, false).await;
    browser.find("#new_password").await;
    own_password(browser, &welcome).await;
    browser.sees("Uitnodiging weigeren").await;
    browser.look("invitation", true).await;
    browser.press("form[action='/login/invitation'] button").await;
    browser.sees("Dossier van").await;
    let request = StartImpersonationRequest {
        account_id: person.account.to_string(),
        impersonator: "coach K. Bakker".to_owned(),
    };
    let url = system
        .ecd("vivre")
        .identity()
        .await
        .unwrap()
        .start_impersonation(request)
        .await
        .unwrap()
        .into_inner()
        .url;
    browser.go(&at(&format!("/impersonate/{}", url.rsplit('/').next().unwrap()))).await;
    browser.press("main form button").await;
    browser.sees("coach K. Bakker kijkt mee").await;
    browser.look("impersonated", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_and_access_pages_pass_on_phone_and_desktop() {
    let system = System::start().await;
    let ecd = system.ecd("vivre");
    let person = ecd.register("mevrouw C. Jansen").await;
    let other = ecd.register("de heer K. Jansen").await;
    // A second client's dossier for the same person, so that the page with the choice of dossiers appears.
    let also = integration_tests::ecd::registration(
        &other,
        person.account,
        "mevrouw C. Jansen",
        RelationKind::Relative,
    );
    let also = proto::identity::v1::RegisterAccountRequest { username: person.email.clone(), ..also };
    ecd.identity().await.unwrap().register_account(also).await.unwrap();
    let browser = Browser::start().await;
    let welcome = system.welcome_password(&person.email).await;
    log_in(&browser, &system, "vivre", &person, &welcome, true).await;
    browser.find("#new_password").await;
    own_password(&browser, &welcome).await;

    browser.sees("Wiens dossier wilt u bekijken?").await;
    browser.look("clients", true).await;
    browser.press("form[action$='/select'] button").await;
    browser.sees("Welkom, mevrouw C. Jansen").await;
    let at = |path: &str| format!("{}{path}", system.address("vivre"));
    for (path, words, name) in [
        ("/", "Er is nu niets om te laten zien.", "start-again"),
        ("/account", "Wat wilt u doen?", "account"),
        ("/account/password", "Huidig wachtwoord", "change-password"),
        ("/account/security", "Waar u nu bent ingelogd", "security"),
        ("/account/preferences", "Grootte van de tekst", "preferences"),
        ("/access", "Wie heeft er vandaag toegang", "access"),
        ("/users", "Gebruikersbeheer", "users"),
        ("/users/new", "U voegt eerst iemand toe.", "invite"),
        ("/logout", "Weet u zeker", "logout"),
        ("/terms", "Er zijn geen voorwaarden.", "terms-none"),
        ("/password/forgotten", "Wachtwoord vergeten", "forgotten"),
        ("/password/reset/x", "Deze link werkt niet meer", "reset"),
        ("/impersonate/x", "Meekijken", "impersonate"),
        ("/step-up?next=/account", "Extra controle", "step-up"),
        ("/bestaat-niet", "Deze pagina vinden wij niet", "not-found"),
    ] {
        browser.go(&at(path)).await;
        browser.sees(words).await;
        browser.look(name, true).await;
    }

    // A refused form shows which fields are wrong.
    browser.go(&at("/users/new")).await;
    browser.type_into("#email", "geen adres").await;
    browser.press("main form > .zp-actions button").await;
    browser.sees("Er is iets niet goed gegaan").await;
    browser.look("invite-refused", true).await;
    browser.type_into("#name", "Petra Jansen").await;
    browser.type_into("#email", "petra@voorbeeld.example").await;
    browser.type_into("#phone", "06 12345678").await;
    browser.press("main form > .zp-actions button").await;
    browser.sees("Wat mag Petra Jansen?").await;
    browser.look("rights", true).await;
    browser.press("#reports-view").await;
    browser.press("main form > .zp-actions button").await;
    browser.sees("Opgeslagen. Petra Jansen krijgt een e-mail.").await;
    browser.look("users-invited", true).await;
    browser.press("main a[href$='/end']").await;
    browser.sees("Wilt u de uitnodiging van Petra Jansen intrekken?").await;
    browser.look("end", true).await;

    // The account keeps the choice of larger text.
    browser.go(&at("/account/preferences")).await;
    browser.press("#text-largest").await;
    browser.press("main form > .zp-actions button").await;
    browser.sees("Uw keuze is opgeslagen.").await;
    browser.look("account-largest", true).await;

    // Two minutes before the session ends, a dialog asks whether to go on or to log out. Both the button and Escape go
    // on, and the page says so (A11Y-06).
    let later = "const now = Date.now; Date.now = () => now() + 29 * 60000;
        document.dispatchEvent(new Event('visibilitychange'));";
    for escape in [true, false] {
        browser.run(later).await;
        browser.sees("U wordt binnen 2 minuten uitgelogd. Wilt u doorgaan?").await;
        browser.look("idle", true).await;
        browser.resize(320, 640).await;
        let edges = "const box = document.querySelector('dialog').getBoundingClientRect();
            return [box.left >= 8, box.right <= innerWidth - 8, document.querySelectorAll('dialog button').length];";
        assert_eq!(browser.run(edges).await, serde_json::json!([true, true, 3]), "go on, close, log out");
        if escape {
            browser.keys("\u{e00c}").await;
        } else {
            browser.press("dialog button").await;
        }
        integration_tests::eventually("the dialog closes", async || {
            let open = "return [document.querySelector('dialog').open, document.getElementById('status').textContent]";
            let open = browser.client.execute(open, Vec::new()).await.ok()?;
            (open == serde_json::json!([false, "U blijft ingelogd."])).then_some(())
        })
        .await;
        browser.run("document.getElementById('status').textContent = ''").await;
    }

    guest_and_coach(&browser, &system, &person).await;
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_change_pages_pass_on_phone_and_desktop() {
    let system = System::start().await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let browser = Browser::start().await;
    let welcome = system.welcome_password(&person.email).await;
    log_in(&browser, &system, "thuisgenoten", &person, &welcome, true).await;
    browser.find("#new_password").await;
    browser.look("thuisgenoten-own-password", true).await;
    own_password(&browser, &welcome).await;
    browser.sees("Welkom, mevrouw A. de Vries").await;
    let at = |path: &str| format!("{}{path}", system.address("thuisgenoten"));
    // Three steps: a code to the known telephone, the new address, and the code that was sent there.
    let mut mark = MailboxMark::now(&system, &person).await;
    browser.go(&at("/account/email")).await;
    browser.sees("Stap 1 van 3").await;
    browser.look("step-up", true).await;
    browser.press("form[action='/step-up/send'] button").await;
    browser.find("#code").await;
    browser.look("step-up-code", true).await;
    let code = mark.next_code(&system, &person).await;
    browser.type_into("#code", "000000").await;
    browser.press("form[action='/step-up'] button").await;
    browser.sees("Deze code klopt niet.").await;
    browser.look("step-up-refused", true).await;
    browser.type_into("#code", &code).await;
    browser.press("form[action='/step-up'] button").await;
    browser.sees("Stap 2 van 3").await;
    browser.look("change-email", true).await;
    browser.type_into("#value", "nieuw@voorbeeld.example").await;
    browser.press("main form > .zp-actions button").await;
    browser.sees("Stap 3 van 3").await;
    browser.sees("We hebben een code gestuurd naar het nieuwe e-mailadres.").await;
    browser.look("change-email-code", true).await;
    browser.type_into("#code", "000000").await;
    browser.press("main form .zp-actions button").await;
    browser.sees("Deze code klopt niet.").await;
    browser.look("change-email-refused", true).await;
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sms_login_pages_pass_on_phone_and_desktop() {
    let system = System::start().await;
    let browser = Browser::start().await;
    for organisation in ["profila", "rozelaar", "hilverzorg"] {
        let person = system.ecd(organisation).register("mevrouw F. Mulder").await;
        let welcome = system.welcome_password(&person.email).await;
        log_in(&browser, &system, organisation, &person, &welcome, true).await;
        browser.find("#new_password").await;
        browser.look(&format!("{organisation}-own-password"), true).await;
        own_password(&browser, &welcome).await;
        if organisation == "profila" {
            browser.sees("Voorwaarden Profila Zorg").await;
            browser.look("profila-terms", true).await;
            browser.press("main form button").await;
        }
        browser.sees("Welkom, mevrouw F. Mulder").await;
        browser.look(&format!("{organisation}-start"), true).await;
        if organisation == "profila" {
            browser.go(&format!("{}/terms", system.address("profila"))).await;
            browser.sees("Voorwaarden Grip op je Leven").await;
            browser.look("profila-terms-all", true).await;
        }
    }
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn login_account_and_access_work_by_keyboard_alone() {
    let system = System::start().await;
    let person = system.ecd("vivre").register("mevrouw C. Jansen").await;
    let welcome = system.welcome_password(&person.email).await;
    let mut mark = MailboxMark::now(&system, &person).await;
    let browser = Browser::start().await;
    browser.resize(1280, 900).await;
    browser.go(&format!("{}/login", system.address("vivre"))).await;
    browser.tab_to(".utrecht-skip-link").await;
    browser.tab_to("#username").await;
    browser.keys(&person.email).await;
    browser.tab_to("#password").await;
    browser.keys(&format!("{welcome}\n")).await;
    browser.find("#code").await;
    let code = mark.next_code(&system, &person).await;
    browser.keys(&format!("{code}\n")).await;
    browser.find("#new_password").await;
    for (field, text) in
        [("#current_password", &*welcome), ("#new_password", PASSWORD), ("#repeat_password", PASSWORD)]
    {
        browser.tab_to(field).await;
        browser.keys(text).await;
    }
    browser.keys("\n").await;
    browser.sees("Welkom, mevrouw C. Jansen").await;
    browser.tab_to(".zp-header__person a[href='/account']").await;
    browser.keys("\n").await;
    browser.sees("Wat wilt u doen?").await;
    browser.tab_to("main a[href='/account/password']").await;
    browser.keys("\n").await;
    browser.sees("Huidig wachtwoord").await;
    // On a phone the menu opens by a button.
    browser.resize(390, 800).await;
    browser.tab_to("[aria-controls=menu]").await;
    browser.keys("\n").await;
    browser.tab_to("#menu a[href='/reports']").await;
    browser.keys("\n").await;
    browser.sees("Er zijn nog geen rapportages.").await;
    browser.resize(1280, 900).await;
    // The client invites a guest, gives a right, and withdraws the invitation.
    browser.tab_to(".zp-header__person a[href='/account']").await;
    browser.keys("\n").await;
    browser.tab_to("main a[href='/users']").await;
    browser.keys("\n").await;
    browser.sees("Gebruiker toevoegen").await;
    browser.tab_to("main a[href='/users/new']").await;
    browser.keys("\n").await;
    browser.sees("U voegt eerst iemand toe.").await;
    for (field, text) in
        [("#name", "Petra Jansen"), ("#email", "petra@voorbeeld.example"), ("#phone", "06 12345678")]
    {
        browser.tab_to(field).await;
        browser.keys(text).await;
    }
    browser.tab_to("#relation-relative").await;
    browser.keys(" \n").await;
    browser.sees("Wat mag Petra Jansen?").await;
    browser.tab_to("#reports-view").await;
    browser.keys(" \n").await;
    browser.sees("Opgeslagen. Petra Jansen krijgt een e-mail.").await;
    browser.tab_to("main a[href$='/end']").await;
    browser.keys("\n").await;
    browser.sees("Wilt u de uitnodiging van Petra Jansen intrekken?").await;
    browser.tab_to("main form button").await;
    browser.keys("\n").await;
    browser.sees("ingetrokken").await;
    browser.tab_to(".zp-header__person a[href='/logout']").await;
    browser.keys("\n").await;
    browser.sees("Weet u zeker").await;
    browser.tab_to("main form button").await;
    browser.keys("\n").await;
    browser.sees("U bent uitgelogd.").await;
    browser.client.clone().close().await.unwrap();
}
