//! Steps that many walks take.

use integration_tests::{
    Registered, System, Visitor, eventually,
    portal::{PASSWORD, Seen},
    system::Message,
};
use prost::Message as _;
use proto::{
    event::v1::Event,
    identity::v1::{AccountContactChanged, AccountRegistered},
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

/// The newest message to somebody that holds these words, once so many have come.
pub async fn newest(system: &System, to: &str, count: usize, words: &str) -> Message {
    eventually(words, async || {
        let messages = system.mailbox(Some(to)).await;
        let found = messages.iter().position(|message| message.text.contains(words))?;
        (messages.len() >= count).then(|| messages.into_iter().nth(found)).flatten()
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
    let field = visitor.labels().into_iter().find(|label| label.to_lowercase().contains("code")).unwrap();
    visitor.press(button, &[(&field, &code)]).await;
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
    // As the organisation calls them.
    let labels = visitor.labels();
    let own = [
        ("Wachtwoord uit de e-mail", welcome),
        ("Nieuw wachtwoord", PASSWORD),
        (labels.last().unwrap().as_str(), PASSWORD),
    ];
    let submit = ["Wijzig wachtwoord", "Wachtwoord wijzigen"];
    let button = submit.into_iter().find(|it| visitor.text().contains(it)).unwrap();
    visitor.press(button, &own).await;
}

/// Fails where a service holds anything of somebody in any table but the audit trail, neither the id nor the address, or
/// where its log of events still has how they were reached. Waits until that is done.
pub async fn nothing_is_left(system: &System, service: &str, accounts: &[uuid::Uuid], email: &str) {
    eventually(&format!("{service} forgets"), async || {
        let left = left(system, service, accounts, email).await;
        left.is_empty().then_some(())
    })
    .await;
}

/// What a service still has of somebody.
async fn left(system: &System, service: &str, accounts: &[uuid::Uuid], email: &str) -> Vec<String> {
    let mut behind = system.behind(service).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
         AND c.relname NOT IN ('audit_record', 'event_log', 'outbox', 'inbox')",
    )
    .fetch_all(&mut behind)
    .await
    .unwrap();
    let mut left = Vec::new();
    for table in tables {
        for wanted in accounts.iter().map(ToString::to_string).chain([email.to_owned()]) {
            let query = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(&wanted)
                .fetch_one(&mut behind)
                .await
                .unwrap();
            if found > 0 {
                left.push(format!("{service}.{table} holds {wanted}"));
            }
        }
    }
    let log: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM event_log").fetch_all(&mut behind).await.unwrap();
    for event in log.iter().filter_map(|payload| Event::decode(payload.as_slice()).ok()) {
        let data = event.data.unwrap_or_default();
        let contact = (data.to_msg::<AccountRegistered>().ok().and_then(|it| it.contact))
            .or_else(|| data.to_msg::<AccountContactChanged>().ok()?.contact);
        if contact.is_some() && accounts.iter().any(|account| account.to_string() == event.aggregate_id) {
            left.push(format!("{service}.event_log holds how {} is reached", event.aggregate_id));
        }
    }
    left
}
