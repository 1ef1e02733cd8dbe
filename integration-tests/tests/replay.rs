//! A new bus, filled with everything that was ever told: nothing comes of it a second time.

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::{System, eventually};
use proto::SERVICES;
use serde_json::json;
use sqlx::AssertSqlSafe;

/// The rows of each table of each service, as texts.
async fn tables(system: &System) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for service in SERVICES {
        let mut behind = system.behind(service).await;
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             AND relname <> 'outbox'",
        )
        .fetch_all(&mut behind)
        .await
        .unwrap();
        for name in names {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM {name} t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut behind).await.unwrap();
            all.insert(format!("{service}.{name}"), rows.into_iter().collect());
        }
    }
    all
}

/// How many events have been handled, over all services.
async fn handled(system: &System) -> i64 {
    let mut handled = 0;
    for service in SERVICES {
        let marks: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&mut system.behind(service).await)
            .await
            .unwrap();
        handled += marks;
    }
    handled
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_told_again_on_a_new_bus_leaves_the_same_tables_and_sends_no_mail_again() {
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let session = portal.first_login(&system, &person).await;
    ecd.report(&person, "Alles ging goed.").await.unwrap();
    portal.get("/reports", &session).await;
    portal.post("/logout", &session, &json!({})).await;
    system.until_all_is_sent().await;
    let mails = system.mailbox(None).await.len();
    let (before, marks) = (tables(&system).await, handled(&system).await);
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
    // One more event of each kind of handler: once it is handled, those before it were.
    let other = ecd.register("de heer P. Bos").await;
    assert!(!system.welcome_password(&other.email).await.is_empty());
    eventually("the new client's name at identity", async || {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM client WHERE client_id::text = $1)")
            .bind(&other.client)
            .fetch_one(&mut system.behind("identity").await)
            .await
            .ok()?;
        known.then_some(())
    })
    .await;
    let twice: Vec<String> = sqlx::query_scalar("SELECT id::text FROM delivery WHERE attempts <> 1")
        .fetch_all(&mut system.behind("messaging").await)
        .await
        .unwrap();
    assert_eq!(twice, Vec::<String>::new());
    assert_eq!(system.mailbox(None).await.len(), mails + 1, "one mail, to the new person");
    let after = tables(&system).await;
    for (table, rows) in &before {
        let changed: Vec<_> = rows.difference(&after[table]).collect();
        assert!(changed.is_empty(), "{table}: {changed:?}");
    }
    for table in
        ["dossier.report", "dossier.client", "identity.client", "identity.account", "messaging.delivery"]
    {
        let more = after[table].len() - before[table].len();
        assert_eq!(more, usize::from(table != "dossier.report"), "{table}: of the new person alone");
    }
    for service in SERVICES {
        let dead: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letter")
            .fetch_one(&mut system.behind(service).await)
            .await
            .unwrap();
        assert_eq!(dead, 0, "{service}");
    }
}
