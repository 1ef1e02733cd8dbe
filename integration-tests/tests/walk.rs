//! Steps of a visitor that several tests share.

use integration_tests::{
    Registered, System, Visitor, eventually,
    portal::{MailboxMark, PASSWORD},
    system::Message,
};

/// Types name and password on the login page. Opens that page first, unless it is the current one.
pub async fn enter_password(visitor: &mut Visitor, username: &str, password: &str) {
    if !visitor.labels().contains(&"Gebruikersnaam".to_owned()) {
        visitor.open("/login").await;
    }
    visitor.press("Inloggen", &[("Gebruikersnaam", username), ("Wachtwoord", password)]).await;
}

/// The rest of the line after a label.
#[track_caller]
pub fn rest_of_line(text: &str, label: &str) -> String {
    let rest = text.split_once(label).unwrap_or_else(|| panic!("no `{label}` in {text}")).1;
    rest.lines().next().unwrap().trim().to_owned()
}

/// Waits for a message to an address or number that contains these words.
pub async fn message_with(system: &System, to: &str, words: &str) -> Message {
    eventually(words, async || {
        system.mailbox(Some(to)).await.into_iter().find(|message| message.text.contains(words))
    })
    .await
}

/// Waits until an address has `count` messages; gives the newest message with these words.
pub async fn newest_message_with(system: &System, to: &str, count: usize, words: &str) -> Message {
    eventually(words, async || {
        let messages = system.mailbox(Some(to)).await;
        let found = messages.iter().position(|message| message.text.contains(words))?;
        (messages.len() >= count).then(|| messages.into_iter().nth(found)).flatten()
    })
    .await
}

/// Asks for the code, where the organisation has a button for that, and types the code from the new message.
pub async fn enter_code(system: &System, visitor: &mut Visitor, person: &Registered, mut mark: MailboxMark) {
    if visitor.text().contains("SMS-inlogcode aanvragen") {
        let asks = visitor.labels().contains(&"Uw mobiele nummer".to_owned());
        let number = [("Uw mobiele nummer", person.phone.as_str())];
        visitor.press("SMS-inlogcode aanvragen", if asks { &number } else { &[] }).await;
    }
    let code = mark.next_code(system, person).await;
    let button = match visitor.path.as_str() {
        "/login/device" => "Code controleren",
        _ if visitor.text().contains("Verzenden") => "Verzenden",
        _ => "Inloggen",
    };
    let field = visitor.labels().into_iter().find(|label| label.to_lowercase().contains("code"));
    let field =
        field.unwrap_or_else(|| panic!("no field for the code at {}: {}", visitor.path, visitor.text()));
    visitor.press(button, &[(&field, &code)]).await;
}

/// The first login: welcome password, code and own password.
pub async fn first_login(system: &System, visitor: &mut Visitor, person: &Registered, username: &str) {
    let welcome = system.welcome_password(&person.email).await;
    let mark = MailboxMark::now(system, person).await;
    enter_password(visitor, username, &welcome).await;
    enter_code(system, visitor, person, mark).await;
    choose_password(visitor, &welcome).await;
}

/// A later login with the own password.
pub async fn login(system: &System, visitor: &mut Visitor, person: &Registered, username: &str) {
    let mark = MailboxMark::now(system, person).await;
    enter_password(visitor, username, PASSWORD).await;
    enter_code(system, visitor, person, mark).await;
}

/// Chooses an own password at the first login.
pub async fn choose_password(visitor: &mut Visitor, welcome: &str) {
    // The last field repeats the new password; each organisation has its own label for this field.
    let labels = visitor.labels();
    let own = [
        ("Wachtwoord uit de e-mail", welcome),
        ("Nieuw wachtwoord", PASSWORD),
        (labels.last().unwrap().as_str(), PASSWORD),
    ];
    let submit = ["Wijzig wachtwoord", "Wachtwoord wijzigen", "Wachtwoord opslaan"];
    let button = submit.into_iter().find(|it| visitor.text().contains(it)).unwrap();
    visitor.press(button, &own).await;
}

/// Waits until a service has erased these accounts: no table contains an account's id or the address, and no
/// event in the log contains contact data. The audit trail keeps the ids and is not checked.
pub async fn nothing_is_left(system: &System, service: &str, accounts: &[uuid::Uuid], email: &str) {
    eventually(&format!("{service} forgets"), async || {
        let left = find_left(system, service, accounts, email).await;
        left.is_empty().then_some(())
    })
    .await;
}

/// The places where a service still holds data of these accounts, as text.
async fn find_left(system: &System, service: &str, accounts: &[uuid::Uuid], email: &str) -> Vec<String> {
    let mut superuser = system.as_superuser(service).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
         AND c.relname NOT LIKE 'audit_record%' AND c.relname NOT IN ('event_log', 'outbox', 'inbox')",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    let mut left = Vec::new();
    for table in tables {
        for wanted in accounts.iter().map(ToString::to_string).chain([email.to_owned()]) {
            let query = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(&wanted)
                .fetch_one(&mut superuser)
                .await
                .unwrap();
            if found > 0 {
                left.push(format!("{service}.{table} holds {wanted}"));
            }
        }
    }
    // Deliveries hold sealed addresses: wherever they were kept, those of a removed account are blanked.
    for table in ["event_log", "dead_letter"] {
        for account in accounts {
            let query = format!(
                "SELECT count(*) FROM {table} WHERE subject LIKE 'delivery.%' AND position($1::bytea IN payload) > 0"
            );
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(account.to_string().into_bytes())
                .fetch_one(&mut superuser)
                .await
                .unwrap();
            if found > 0 {
                left.push(format!("{service}.{table} holds deliveries of {account}"));
            }
        }
    }
    left
}
