//! Publishes all earlier events again on a new bus: services must ignore the events that they have handled.

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::{System, eventually};
use proto::SERVICES;
use serde_json::json;
use sqlx::AssertSqlSafe;

/// The rows of each table of each service, as text.
async fn all_rows(system: &System) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for service in SERVICES {
        let mut superuser = system.as_superuser(service).await;
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             AND relname NOT IN ('outbox', 'event_position', 'audit_untold')",
        )
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        for name in names {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM {name} t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut superuser).await.unwrap();
            all.insert(format!("{service}.{name}"), rows.into_iter().collect());
        }
    }
    all
}

/// The number of handled events, over all services.
async fn handled_count(system: &System) -> i64 {
    let mut handled = 0;
    for service in SERVICES {
        let marks: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&mut system.as_superuser(service).await)
            .await
            .unwrap();
        handled += marks;
    }
    handled
}

#[tokio::test(flavor = "multi_thread")]
async fn republished_events_change_no_table_and_send_no_mail() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let session = portal.first_login(&system, &person).await;
    ecd.report(&person, "Alles ging goed.").await.unwrap();
    portal.get("/reports", &session).await;
    portal.post("/logout", &session, &json!({})).await;
    system.until_all_mail_is_sent().await;
    let mails = system.mailbox(None).await.len();
    let (before, marks) = (all_rows(&system).await, handled_count(&system).await);
    assert!(marks > 5, "{marks}");

    system.wipe_bus();
    for service in SERVICES {
        let done = eventually("the bus", async || {
            let output = system.service_command(service, &["republish", "--from", "1"]);
            output.status.success().then_some(output)
        })
        .await;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(said.contains("republished"), "{said}");
    }
    // A new registration causes one more event for each handler. Events are handled in order: once these are
    // handled, all republished ones were.
    let other = ecd.register("de heer P. Bos").await;
    assert!(!system.welcome_password(&other.email).await.is_empty());
    eventually("the new client's name at identity", async || {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM client WHERE client_id::text = $1)")
            .bind(&other.client)
            .fetch_one(&mut system.as_superuser("identity").await)
            .await
            .ok()?;
        known.then_some(())
    })
    .await;
    let twice: Vec<String> = sqlx::query_scalar("SELECT id::text FROM delivery WHERE attempts <> 1")
        .fetch_all(&mut system.as_superuser("messaging").await)
        .await
        .unwrap();
    assert_eq!(twice, Vec::<String>::new());
    assert_eq!(system.mailbox(None).await.len(), mails + 1, "one mail, to the new person");
    let after = all_rows(&system).await;
    for (table, rows) in &before {
        let changed: Vec<_> = rows.difference(&after[table]).collect();
        assert!(changed.is_empty(), "{table}: {changed:?}");
    }
    for table in
        ["dossier.record", "dossier.client", "identity.client", "identity.account", "messaging.delivery"]
    {
        let more = after[table].len() - before[table].len();
        assert_eq!(more, usize::from(table != "dossier.record"), "{table}: of the new person alone");
    }
    for service in SERVICES {
        let dead: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letter")
            .fetch_one(&mut system.as_superuser(service).await)
            .await
            .unwrap();
        assert_eq!(dead, 0, "{service}");
    }
}
