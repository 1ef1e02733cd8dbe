use proto::event::v1::AccessOutcome;
use sqlx::{Connection, PgConnection};
use store::{
    Mode,
    audit::{Audit, record_left_intents},
    housekeeping::RetentionSettings,
};
use testkit::{caller, keys::trail_keys, monday_morning, outbox};

use crate::{support::SERVICE, trail::Trail};

#[tokio::test]
async fn concurrent_records_share_commits_and_form_a_valid_chain() {
    let trail = Trail::start().await;
    let records = (0..200).map(|number| trail.audit.record(vec![Trail::access(caller::client(number))]));
    for written in futures::future::join_all(records).await {
        written.unwrap();
    }
    let found = trail.verify().await;
    assert_eq!((found.records, found.chains), (200, 1));
    assert_eq!(found.faults, Vec::new());
    trail.audit.tell().await.unwrap();
    let events =
        outbox::events::<proto::event::v1::AccessRecorded>(&mut trail.database.as_superuser().await).await;
    assert_eq!(events.iter().map(|(_, batch)| batch.records.len()).sum::<usize>(), 200);
    assert!(events.len() < 50, "{} events for 200 records", events.len());
}

#[tokio::test]
async fn record_of_an_impersonation_names_the_impersonator() {
    let trail = Trail::start().await;
    let mut access = Trail::access(caller::client(1));
    access.ctx.person.impersonator = "coach K. Bakker".to_owned();
    trail.audit.record(vec![access]).await.unwrap();
    let impersonator: String = sqlx::query_scalar("SELECT person_impersonator FROM audit_record")
        .fetch_one(&mut trail.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(impersonator, "coach K. Bakker");
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn no_role_of_the_service_can_change_or_delete_a_record() {
    let trail = Trail::start().await;
    trail.audit.record(vec![Trail::access(caller::client(1))]).await.unwrap();
    let mut login = PgConnection::connect_with(&trail.database.login).await.unwrap();
    for role in ["store_app", "store_audit", "store_relay"] {
        for change in
            ["UPDATE audit_record SET method = ''", "DELETE FROM audit_record", "TRUNCATE audit_record"]
        {
            let statement = format!("SET ROLE {role}; {change}");
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut login).await;
            assert!(refused.is_err(), "{role}: {change}");
            sqlx::raw_sql("RESET ROLE").execute(&mut login).await.unwrap();
        }
    }
}

#[tokio::test]
async fn only_the_audit_role_can_read_or_delete_an_intent() {
    let trail = Trail::start().await;
    let mut login = PgConnection::connect_with(&trail.database.login).await.unwrap();
    for (statement, allowed) in [
        ("SET ROLE store_app; SELECT FROM audit_intent", false),
        ("SET ROLE store_app; DELETE FROM audit_intent", false),
        ("SET ROLE store_app; UPDATE audit_intent SET method = ''", false),
        ("SET ROLE store_relay; SELECT FROM audit_intent", false),
        ("SET ROLE store_audit; SELECT FROM audit_intent", true),
        ("SET ROLE store_audit; DELETE FROM audit_intent", true),
        ("SET ROLE store_audit; UPDATE audit_intent SET method = ''", false),
    ] {
        assert_eq!(sqlx::raw_sql(statement).execute(&mut login).await.is_ok(), allowed, "{statement}");
        sqlx::raw_sql("RESET ROLE").execute(&mut login).await.unwrap();
    }
}

#[tokio::test]
async fn left_intent_is_recorded_once_after_ten_seconds() {
    let trail = Trail::start().await;
    let (db, access) = (trail.db.clone(), Trail::access(caller::client(1)));
    let mut tx = db.in_organisation(&access.ctx, Mode::Write).await.unwrap();
    tx.add_intents(std::slice::from_ref(&access)).await.unwrap();
    tx.commit().await.unwrap();
    let at = |seconds| monday_morning() + jiff::SignedDuration::from_secs(seconds);
    for (seconds, recorded) in [(9, 0), (10, 1), (11, 0)] {
        assert_eq!(record_left_intents(&db, &trail.audit, at(seconds)).await.unwrap(), recorded);
    }
    let records: Vec<(uuid::Uuid, i32)> = sqlx::query_as("SELECT record_id, outcome FROM audit_record")
        .fetch_all(&mut trail.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(records, [(access.record, AccessOutcome::Unknown.into())]);
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn recording_fails_if_the_database_cannot_be_reached() {
    let trail = Trail::start().await;
    let unreachable = trail.database.login.clone().port(1);
    let db = store::Db::new(SERVICE, unreachable, 1, trail_keys(SERVICE));
    let seal = trail.keys.of("identity").seal().unwrap();
    let audit = Audit::start(db, trail.clock.clone(), seal, RetentionSettings::default());
    assert!(audit.record(vec![Trail::access(caller::client(1))]).await.is_err());
}
