//! Wipes the bus: the event log is published again, by hand or by the relay itself.

use testkit::caller;
use uuid::Uuid;

use crate::support::{Behaviour, Suite};

async fn until_handled_in_order(suite: &Suite, count: i64) {
    suite.until_count("handled", count).await;
    let wanted: Vec<(Uuid, i64)> = (1..=count).map(|version| (caller::uuid(1), version)).collect();
    assert_eq!(suite.handled().await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn republish_after_a_wipe_loses_and_repeats_nothing() {
    let mut suite = Suite::start().await;
    let consumer = suite.start_consumer(Behaviour::Succeeds).await;
    for version in 1..=10 {
        suite.emit(caller::uuid(1), version).await;
    }
    until_handled_in_order(&suite, 10).await;
    consumer.task.abort();
    for version in 11..=30 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 30).await;
    // The bus loses twenty events that no consumer has handled yet.
    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    let republished = suite.republish(1).await.unwrap();
    assert_eq!(republished, 30);
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    until_handled_in_order(&suite, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn republishing_handled_events_changes_no_table() {
    let mut suite = Suite::start().await;
    let consumer = suite.start_consumer(Behaviour::Succeeds).await;
    for version in 1..=30 {
        suite.emit(caller::uuid(1), version).await;
    }
    until_handled_in_order(&suite, 30).await;
    consumer.task.abort();
    // The wiped bus knows no message ids, so that it accepts every event again.
    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    suite.republish(1).await.unwrap();
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 31).await;
    // Event 31 is the last in the stream: once it is handled, the republished events are handled too.
    until_handled_in_order(&suite, 31).await;
    assert_eq!(suite.count("inbox").await, 31);
}

#[tokio::test(flavor = "multi_thread")]
async fn wiped_bus_gets_back_by_itself_what_no_consumer_had_taken() {
    let mut suite = Suite::start().await;
    let consumer = suite.start_consumer(Behaviour::Succeeds).await;
    for version in 1..=10 {
        suite.emit(caller::uuid(1), version).await;
    }
    until_handled_in_order(&suite, 10).await;
    consumer.task.abort();
    for version in 11..=30 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 30).await;
    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    // Another service makes the stream anew, so that the relay does not find it missing.
    store::stream::ensure(&suite.bus.context().await, 1).await.unwrap();
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    until_handled_in_order(&suite, 30).await;
    suite.until_messages("EVENTS", 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_no_longer_kept_are_not_republished() {
    let suite = Suite::start().await;
    for version in 1..=3 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 3).await;
    suite.clock.advance(std::time::Duration::from_secs(1));
    suite.emit(caller::uuid(1), 4).await;
    suite.until_count("event_log", 4).await;
    assert_eq!(store::log::delete_before(&suite.db, suite.clock.now()).await.unwrap(), 3);
    let refused = suite.republish(1).await.unwrap_err();
    assert_eq!(refused.to_string(), "the events before position 4 are no longer kept");
    assert_eq!(suite.republish(4).await.unwrap(), 1);
    // Within the log, too, an event that is older than the retention is not told again.
    suite.clock.advance(std::time::Duration::from_hours(401 * 24));
    assert_eq!(suite.republish(4).await.unwrap(), 0);
    suite.emit(caller::uuid(1), 5).await;
    suite.until_count("event_log", 2).await;
    let last: i64 = sqlx::query_scalar("SELECT max(position) FROM event_log")
        .fetch_one(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(last, 5, "a position is used once, also when the log is empty");
}
