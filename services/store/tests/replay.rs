//! Wipes the bus and publishes the event log again.

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
    let republished = store::relay::republish(&suite.db, &suite.bus.context().await, 1, 1).await.unwrap();
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
    store::relay::republish(&suite.db, &suite.bus.context().await, 1, 1).await.unwrap();
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 31).await;
    // Event 31 is the last in the stream: once it is handled, the republished events are handled too.
    until_handled_in_order(&suite, 31).await;
    assert_eq!(suite.count("inbox").await, 31);
}
