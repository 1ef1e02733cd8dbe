//! The bus wiped and filled again from the record; everything told a second time.

use testkit::caller;
use uuid::Uuid;

use crate::support::{Mood, Suite};

async fn in_order(suite: &Suite, count: i64) {
    suite.until_count("heard", count).await;
    let wanted: Vec<(Uuid, i64)> = (1..=count).map(|version| (caller::uuid(1), version)).collect();
    assert_eq!(suite.heard().await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_bus_is_filled_by_republish_and_nothing_is_missed_or_heard_twice() {
    let mut suite = Suite::start().await;
    let ears = suite.listen(Mood::Well).await;
    for version in 1..=10 {
        suite.tell(caller::uuid(1), version).await;
    }
    in_order(&suite, 10).await;
    ears.task.abort();
    for version in 11..=30 {
        suite.tell(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 30).await;
    // Twenty events that nobody has heard yet are gone with the bus.
    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    let republished = store::relay::republish(&suite.db, &suite.bus.context().await, 1, 1).await.unwrap();
    assert_eq!(republished, 30);
    let _ears = suite.listen(Mood::Well).await;
    in_order(&suite, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_told_again_leaves_the_same_tables() {
    let mut suite = Suite::start().await;
    let ears = suite.listen(Mood::Well).await;
    for version in 1..=30 {
        suite.tell(caller::uuid(1), version).await;
    }
    in_order(&suite, 30).await;
    ears.task.abort();
    // A new bus has forgotten the ids: it takes every event as a new one.
    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    store::relay::republish(&suite.db, &suite.bus.context().await, 1, 1).await.unwrap();
    let _ears = suite.listen(Mood::Well).await;
    suite.tell(caller::uuid(1), 31).await;
    // Behind all the old ones in the stream: once it is heard, they were.
    in_order(&suite, 31).await;
    assert_eq!(suite.count("inbox").await, 31);
}
