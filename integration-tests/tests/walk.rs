//! Steps that many walks take.

use integration_tests::{
    Registered, System, Visitor, eventually,
    portal::{PASSWORD, Seen},
    system::Message,
};

/// Name and password on the login page; goes there where another page is seen.
pub async fn password(visitor: &mut Visitor, username: &str, password: &str) {
    if !visitor.labels().contains(&"Gebruikersnaam".to_owned()) {
        visitor.open("/login").await;
    }
    visitor.press("Inloggen", &[("Gebruikersnaam", username), ("Wachtwoord", password)]).await;
}

/// The rest of the line after a label.
#[track_caller]
pub fn line(text: &str, label: &str) -> String {
    let rest = text.split_once(label).unwrap_or_else(|| panic!("no `{label}` in {text}")).1;
    rest.lines().next().unwrap().trim().to_owned()
}

/// A message to somebody that holds these words, once it is there.
pub async fn mailed(system: &System, to: &str, words: &str) -> Message {
    eventually(words, async || {
        system.mailbox(Some(to)).await.into_iter().find(|message| message.text.contains(words))
    })
    .await
}

/// The code, however the organisation asks for it.
pub async fn code(system: &System, visitor: &mut Visitor, person: &Registered, mut seen: Seen) {
    if visitor.text().contains("SMS-inlogcode aanvragen") {
        let asks = visitor.labels().contains(&"Uw mobiele nummer".to_owned());
        let number = [("Uw mobiele nummer", person.phone.as_str())];
        visitor.press("SMS-inlogcode aanvragen", if asks { &number } else { &[] }).await;
    }
    let code = seen.code(system, person).await;
    let button = match visitor.path.as_str() {
        "/login/device" => "Code controleren",
        _ if visitor.text().contains("Verzenden") => "Verzenden",
        _ => "Inloggen",
    };
    visitor.press(button, &[("Code", &code)]).await;
}

/// The first login to the start page, whatever the organisation asks.
pub async fn first_login(system: &System, visitor: &mut Visitor, person: &Registered, username: &str) {
    let welcome = system.welcome_password(&person.email).await;
    let seen = Seen::now(system, person).await;
    password(visitor, username, &welcome).await;
    code(system, visitor, person, seen).await;
    own_password(visitor, &welcome).await;
}

/// A later login with the own password.
pub async fn login(system: &System, visitor: &mut Visitor, person: &Registered, username: &str) {
    let seen = Seen::now(system, person).await;
    password(visitor, username, PASSWORD).await;
    code(system, visitor, person, seen).await;
}

/// An own password at the first login.
pub async fn own_password(visitor: &mut Visitor, welcome: &str) {
    let own = [
        ("Wachtwoord uit de e-mail", welcome),
        ("Nieuw wachtwoord", PASSWORD),
        ("Nieuw wachtwoord, nog een keer", PASSWORD),
    ];
    let submit = ["Wijzig wachtwoord", "Wachtwoord wijzigen"];
    let button = submit.into_iter().find(|it| visitor.text().contains(it)).unwrap();
    visitor.press(button, &own).await;
}

/// Fails where a service holds anything of somebody in any table but the audit trail: neither the id nor the address.
pub async fn nothing_is_left(system: &System, service: &str, accounts: &[uuid::Uuid], email: &str) {
    let mut behind = system.behind(service).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
         AND c.relname NOT IN ('audit_record', 'event_log', 'outbox', 'inbox')",
    )
    .fetch_all(&mut behind)
    .await
    .unwrap();
    for table in tables {
        for wanted in accounts.iter().map(ToString::to_string).chain([email.to_owned()]) {
            let query = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(&wanted)
                .fetch_one(&mut behind)
                .await
                .unwrap();
            assert_eq!(found, 0, "{service}.{table} holds {wanted}");
        }
    }
    let log: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM event_log").fetch_all(&mut behind).await.unwrap();
    assert!(
        log.iter().all(|payload| !String::from_utf8_lossy(payload).contains(email)),
        "{service}: event_log"
    );
}
