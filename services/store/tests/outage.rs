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
async fn what_the_bus_refuses_stays_in_the_outbox_until_it_is_taken() {
    let suite = Suite::start().await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    // Without its stream the bus answers each event at once: nobody keeps it.
    suite.bus.context().await.delete_stream("EVENTS").await.unwrap();
    for version in 2..=6 {
        suite.tell(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 6).await;
    assert_eq!(suite.messages("EVENTS").await, 5, "each of them is in the stream that was made anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_relay_takes_part_without_a_second_effect_and_never_leads_beside_the_first() {
    let suite = Suite::start().await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    suite.start_relay().await;
    // Between its tries for the lock the second one waits, and has asked nothing else.
    suite
        .until_count(
            "(SELECT 1 FROM pg_stat_activity WHERE state = 'idle' AND datname = current_database()
              AND query LIKE '%pg_try_advisory_lock%') AS waits",
            1,
        )
        .await;
    let _ears = suite.listen(Mood::Well).await;
    for version in 2..=100 {
        suite.tell(caller::uuid(1), version).await;
    }
    suite.until_count("heard", 100).await;
    let versions: Vec<i64> = suite.heard().await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=100).collect::<Vec<i64>>());
    let leads = "(SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %') AS leads";
    assert_eq!(suite.count(leads).await, 1);
}
