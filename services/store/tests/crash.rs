//! A process that dies at each point between a commit and the last acknowledgement (F-01). It is held at the point by a
//! lock on what it would write next, killed there, and followed by another.

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

use crate::support::{Mood, SERVICE, Suite};

/// A session that holds a table: nobody writes there until it is let go, and in the strictest mode nobody reads.
async fn hold(suite: &Suite, table: &str, mode: &str) -> PgConnection {
    let mut holder = suite.database.behind().await;
    let statement = format!("BEGIN; LOCK TABLE {table} IN {mode} MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut holder).await.unwrap();
    holder
}

/// Waits until somebody waits for the table that is held.
async fn until_somebody_waits(suite: &Suite, table: &str) {
    let waiting = format!(
        "(SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
          WHERE NOT granted AND relname = '{table}') AS waiting"
    );
    suite.until_count(&waiting, 1).await;
}

async fn tell(suite: &Suite, versions: std::ops::RangeInclusive<i64>) {
    for version in versions {
        suite.tell(caller::uuid(1), version).await;
    }
}

async fn versions(suite: &Suite) -> Vec<i64> {
    suite.heard().await.into_iter().map(|(_, version)| version).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_publishing_nothing_is_lost() {
    let suite = Suite::quiet().await;
    tell(&suite, 1..=20).await;
    let holder = hold(&suite, "outbox", "ACCESS EXCLUSIVE").await;
    let relay = suite.start_relay().await;
    until_somebody_waits(&suite, "outbox").await;
    relay.abort();
    suite.end_sessions().await;
    holder.close().await.unwrap();
    assert_eq!((suite.messages("EVENTS").await, suite.count("outbox").await), (0, 20));
    let _ears = suite.listen(Mood::Well).await;
    suite.start_relay().await;
    suite.until_count("heard", 20).await;
    assert_eq!(versions(&suite).await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_publishing_and_before_the_move_nothing_is_lost_or_heard_twice() {
    let suite = Suite::quiet().await;
    tell(&suite, 1..=20).await;
    let holder = hold(&suite, "event_log", "EXCLUSIVE").await;
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

    let _ears = suite.listen(Mood::Well).await;
    suite.start_relay().await;
    suite.until_count("event_log", 20).await;
    suite.until_count("heard", 20).await;
    assert_eq!(versions(&suite).await, (1..=20).collect::<Vec<_>>());
    assert_eq!(suite.messages("EVENTS").await, 20, "the stream knows the ids");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_move_the_log_goes_on_without_a_gap() {
    let suite = Suite::quiet().await;
    let relay = suite.start_relay().await;
    tell(&suite, 1..=20).await;
    suite.until_count("event_log", 20).await;
    relay.abort();
    suite.end_sessions().await;
    tell(&suite, 21..=30).await;
    let _ears = suite.listen(Mood::Well).await;
    suite.start_relay().await;
    suite.until_count("heard", 30).await;
    let positions: Vec<i64> = sqlx::query_scalar("SELECT position FROM event_log ORDER BY position")
        .fetch_all(&mut suite.database.behind().await)
        .await
        .unwrap();
    assert_eq!(positions, (1..=30).collect::<Vec<_>>());
    assert_eq!(suite.count("outbox").await, 0);
}

/// Writes down what it gets; the first time that something of it stands, it dies before the bus hears of it.
struct DiesAfterCommit(Arc<AtomicBool>);

impl AnyHandler for DiesAfterCommit {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            sqlx::query("INSERT INTO heard (aggregate, version, event) VALUES ($1, $2, $3)")
                .bind(event.aggregate)
                .bind(event.version)
                .bind(event.id.uuid())
                .execute(tx.connection())
                .await?;
            Ok(())
        })
    }

    fn committed(&self) {
        assert!(self.0.swap(true, Ordering::SeqCst), "dies here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_commit_and_before_the_acknowledgement_there_is_one_effect() {
    let suite = Suite::start().await;
    let died = Arc::new(AtomicBool::new(false));
    let consumer = || Consumer::of_deliveries(SERVICE, DiesAfterCommit(Arc::clone(&died)));
    let first = suite.run(consumer()).await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let code = LoginCode { account_id: "x".to_owned(), ..LoginCode::default() };
    let expires_at = suite.clock.now() + SignedDuration::from_mins(5);
    tx.deliver(About::new(caller::uuid(2), 1), &code, expires_at).await.unwrap();
    tx.commit().await.unwrap();
    assert!(first.await.unwrap_err().is_panic());
    assert_eq!(suite.count("heard").await, 1);
    assert_eq!(suite.messages("DELIVERIES").await, 1, "the bus was not told");

    suite.run(consumer()).await;
    // Given out again, recognised, and only then acknowledged: the work queue forgets it.
    suite.until_messages("DELIVERIES", 0).await;
    assert_eq!(suite.count("heard").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_within_a_handler_neither_mark_nor_effect_stays() {
    let suite = Suite::start().await;
    let holder = hold(&suite, "heard", "EXCLUSIVE").await;
    let first = suite.listen(Mood::Well).await;
    tell(&suite, 1..=5).await;
    until_somebody_waits(&suite, "heard").await;
    first.task.abort();
    suite.end_sessions().await;
    holder.close().await.unwrap();
    assert_eq!((suite.count("inbox").await, suite.count("heard").await), (0, 0));
    suite.start_relay().await;
    let _ears = suite.listen(Mood::Well).await;
    suite.until_count("heard", 5).await;
    assert_eq!(versions(&suite).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_relay_that_leads_dies_the_other_goes_on() {
    let suite = Suite::quiet().await;
    let _ears = suite.listen(Mood::Well).await;
    let mut relay = suite.start_relay().await;
    for round in 0..4 {
        tell(&suite, round * 10 + 1..=round * 10 + 5).await;
        let next = suite.start_relay().await;
        relay.abort();
        relay = next;
        tell(&suite, round * 10 + 6..=round * 10 + 10).await;
    }
    suite.until_count("heard", 40).await;
    assert_eq!(versions(&suite).await, (1..=40).collect::<Vec<_>>());
    suite.until_count("outbox", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_share_the_events_and_each_has_one_effect() {
    let suite = Suite::start().await;
    let (mut one, mut other) = (suite.listen(Mood::Well).await, suite.listen(Mood::Well).await);
    suite.until_pulled_by("store__ReportAdded", 2).await;
    let tellers = (0..10).map(|number| {
        let suite = &suite;
        async move {
            for version in 1..=40 {
                suite.tell(caller::uuid(number), version).await;
            }
        }
    });
    futures::future::join_all(tellers).await;
    suite.until_count("heard", 400).await;
    suite.until_count("(SELECT DISTINCT aggregate, version FROM heard) AS once", 400).await;
    let count = |ears: &mut crate::support::Ears| std::iter::from_fn(|| ears.heard.try_recv().ok()).count();
    let shares = (count(&mut one), count(&mut other));
    assert!(shares.0 > 0 && shares.1 > 0, "{shares:?}");
}
