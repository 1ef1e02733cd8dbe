//! Kills a process at each point between a commit and the last acknowledgement (F-01). A lock on the table
//! that the process writes next stops the process at that point. After the kill, a new process takes over.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;
use jiff::SignedDuration;
use prost_types::Any;
use proto::identity::v1::LoginCode;
use sqlx::{Connection, PgConnection};
use store::{
    About, Mode, Tx,
    consumer::{AnyHandler, Consumer, HandlerError},
    event::Received,
};
use testkit::caller;

use crate::support::{Behaviour, RunningConsumer, SERVICE, Suite};

/// Locks a table until the returned session is closed. Mode `EXCLUSIVE` stops writes; `ACCESS EXCLUSIVE`
/// stops reads too.
async fn lock_table(suite: &Suite, table: &str, mode: &str) -> PgConnection {
    let mut holder = suite.database.as_superuser().await;
    let statement = format!("BEGIN; LOCK TABLE {table} IN {mode} MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut holder).await.unwrap();
    holder
}

/// Waits until another session waits for the locked table.
async fn until_lock_is_awaited(suite: &Suite, table: &str) {
    let waiting = format!(
        "(SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
          WHERE NOT granted AND relname = '{table}') AS waiting"
    );
    suite.until_count(&waiting, 1).await;
}

async fn emit(suite: &Suite, versions: std::ops::RangeInclusive<i64>) {
    for version in versions {
        suite.emit(caller::uuid(1), version).await;
    }
}

async fn handled_versions(suite: &Suite) -> Vec<i64> {
    suite.handled().await.into_iter().map(|(_, version)| version).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_killed_before_publishing_loses_nothing() {
    let suite = Suite::without_relay().await;
    emit(&suite, 1..=20).await;
    let holder = lock_table(&suite, "outbox", "ACCESS EXCLUSIVE").await;
    let relay = suite.start_relay().await;
    until_lock_is_awaited(&suite, "outbox").await;
    relay.abort();
    suite.end_sessions().await;
    holder.close().await.unwrap();
    assert_eq!((suite.count_messages("EVENTS").await, suite.count("outbox").await), (0, 20));
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.start_relay().await;
    suite.until_count("handled", 20).await;
    assert_eq!(handled_versions(&suite).await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_killed_after_publishing_loses_and_repeats_nothing() {
    let suite = Suite::without_relay().await;
    emit(&suite, 1..=20).await;
    let holder = lock_table(&suite, "event_log", "EXCLUSIVE").await;
    let relay = suite.start_relay().await;
    suite.until_messages("EVENTS", 20).await;
    relay.abort();
    suite.end_sessions().await;
    holder.close().await.unwrap();
    assert_eq!(
        (suite.count("outbox").await, suite.count("event_log").await),
        (20, 0),
        "published, not moved"
    );

    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.start_relay().await;
    suite.until_count("event_log", 20).await;
    suite.until_count("handled", 20).await;
    assert_eq!(handled_versions(&suite).await, (1..=20).collect::<Vec<_>>());
    assert_eq!(suite.count_messages("EVENTS").await, 20, "the stream drops events with a known id");
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_killed_after_the_move_leaves_no_gap_in_the_log() {
    let suite = Suite::without_relay().await;
    let relay = suite.start_relay().await;
    emit(&suite, 1..=20).await;
    suite.until_count("event_log", 20).await;
    relay.abort();
    suite.end_sessions().await;
    emit(&suite, 21..=30).await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.start_relay().await;
    suite.until_count("handled", 30).await;
    let positions: Vec<i64> = sqlx::query_scalar("SELECT position FROM event_log ORDER BY position")
        .fetch_all(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(positions, (1..=30).collect::<Vec<_>>());
    assert_eq!(suite.count("outbox").await, 0);
}

/// Records each event, and panics once: after the first commit, before the acknowledgement.
struct PanicsAfterCommit(Arc<AtomicBool>);

impl AnyHandler for PanicsAfterCommit {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            sqlx::query("INSERT INTO handled (aggregate, version, event) VALUES ($1, $2, $3)")
                .bind(event.aggregate)
                .bind(event.version)
                .bind(event.id.uuid())
                .execute(tx.connection())
                .await?;
            Ok(())
        })
    }

    fn after_commit(&self) {
        assert!(self.0.swap(true, Ordering::SeqCst), "panics after the first commit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consumer_killed_after_its_commit_has_one_effect() {
    let suite = Suite::start().await;
    let died = Arc::new(AtomicBool::new(false));
    let consumer = || Consumer::of_deliveries(SERVICE, PanicsAfterCommit(Arc::clone(&died)));
    let first = suite.run_consumer(consumer()).await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let code = LoginCode { account_id: "x".to_owned(), ..LoginCode::default() };
    let expires_at = suite.clock.now() + SignedDuration::from_mins(5);
    tx.deliver(About::new(caller::uuid(2), 1), &code, expires_at).await.unwrap();
    tx.commit().await.unwrap();
    assert!(first.await.unwrap_err().is_panic());
    assert_eq!(suite.count("handled").await, 1);
    assert_eq!(suite.count_messages("DELIVERIES").await, 1, "the delivery is not acknowledged");

    suite.run_consumer(consumer()).await;
    // The bus sends the delivery again; the inbox knows the delivery, so that it is only acknowledged.
    suite.until_messages("DELIVERIES", 0).await;
    assert_eq!(suite.count("handled").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn consumer_killed_within_a_handler_leaves_no_effect() {
    let suite = Suite::start().await;
    let holder = lock_table(&suite, "handled", "EXCLUSIVE").await;
    let first = suite.start_consumer(Behaviour::Succeeds).await;
    emit(&suite, 1..=5).await;
    until_lock_is_awaited(&suite, "handled").await;
    first.task.abort();
    suite.end_sessions().await;
    holder.close().await.unwrap();
    assert_eq!((suite.count("inbox").await, suite.count("handled").await), (0, 0));
    suite.start_relay().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.until_count("handled", 5).await;
    assert_eq!(handled_versions(&suite).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_relay_takes_over_when_the_first_dies() {
    let suite = Suite::without_relay().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    let mut relay = suite.start_relay().await;
    for round in 0..4 {
        emit(&suite, round * 10 + 1..=round * 10 + 5).await;
        let next = suite.start_relay().await;
        relay.abort();
        relay = next;
        emit(&suite, round * 10 + 6..=round * 10 + 10).await;
    }
    suite.until_count("handled", 40).await;
    assert_eq!(handled_versions(&suite).await, (1..=40).collect::<Vec<_>>());
    suite.until_count("outbox", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_share_events_and_each_has_one_effect() {
    let suite = Suite::start().await;
    let mut first = suite.start_consumer(Behaviour::Succeeds).await;
    let mut second = suite.start_consumer(Behaviour::Succeeds).await;
    suite.until_pulled_by("store__RecordAdded", 2).await;
    let emitters = (0..10).map(|number| {
        let suite = &suite;
        async move {
            for version in 1..=40 {
                suite.emit(caller::uuid(number), version).await;
            }
        }
    });
    futures::future::join_all(emitters).await;
    suite.until_count("handled", 400).await;
    suite.until_count("(SELECT DISTINCT aggregate, version FROM handled) AS once", 400).await;
    let count =
        |consumer: &mut RunningConsumer| std::iter::from_fn(|| consumer.handled.try_recv().ok()).count();
    let shares = (count(&mut first), count(&mut second));
    assert!(shares.0 > 0 && shares.1 > 0, "{shares:?}");
}
