use testkit::caller;

use crate::support::{Mood, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn with_the_bus_down_writes_go_on_and_arrive_in_order_once_it_is_back() {
    let mut suite = Suite::start().await;
    let _ears = suite.listen(Mood::Well).await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("heard", 1).await;

    suite.bus.kill();
    for version in 2..=40 {
        suite.tell(caller::uuid(1), version).await;
    }
    assert_eq!(suite.count("outbox").await, 39, "what cannot be published stays in the outbox");
    suite.bus.restart();

    suite.until_count("heard", 40).await;
    let versions: Vec<i64> = suite.heard().await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=40).collect::<Vec<i64>>());
    suite.until_count("outbox", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_bus_gets_its_streams_and_consumers_back() {
    let mut suite = Suite::start().await;
    let _ears = suite.listen(Mood::Well).await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("heard", 1).await;

    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    suite.tell(caller::uuid(1), 2).await;
    suite.until_count("heard", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_relay_takes_part_without_a_second_effect() {
    let suite = Suite::start().await;
    suite.start_relay().await;
    let _ears = suite.listen(Mood::Well).await;
    for version in 1..=100 {
        suite.tell(caller::uuid(1), version).await;
    }
    suite.until_count("heard", 100).await;
    let versions: Vec<i64> = suite.heard().await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=100).collect::<Vec<i64>>());
}
