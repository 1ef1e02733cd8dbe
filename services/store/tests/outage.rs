use async_nats::jetstream::stream::{Config, DiscardPolicy};
use testkit::caller;

use crate::support::{Behaviour, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_bus_outage_arrive_in_order_afterwards() {
    let mut suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("handled", 1).await;

    suite.bus.kill();
    for version in 2..=40 {
        suite.emit(caller::uuid(1), version).await;
    }
    assert_eq!(suite.count("outbox").await, 39, "events wait in the outbox while the bus is down");
    suite.bus.restart();

    suite.until_count("handled", 40).await;
    let versions: Vec<i64> = suite.handled().await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=40).collect::<Vec<i64>>());
    suite.until_count("outbox", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wiped_bus_gets_its_streams_and_consumers_back() {
    let mut suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("handled", 1).await;

    suite.bus.kill();
    suite.bus.wipe();
    suite.bus.restart();
    suite.emit(caller::uuid(1), 2).await;
    suite.until_count("handled", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_the_bus_refuses_stay_in_the_outbox() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    // The bus refuses further events, because the stream may hold no more.
    let bus = suite.bus.context().await;
    let config = bus.get_stream("EVENTS").await.unwrap().cached_info().config.clone();
    let full = Config { max_messages: 1, discard: DiscardPolicy::New, ..config.clone() };
    bus.update_stream(full).await.unwrap();
    for version in 2..=6 {
        suite.emit(caller::uuid(1), version).await;
    }
    assert_eq!((suite.count("event_log").await, suite.count("outbox").await), (1, 5));
    bus.update_stream(config).await.unwrap();
    suite.until_count("event_log", 6).await;
    assert_eq!(suite.count_messages("EVENTS").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_relay_never_publishes_beside_the_first() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    suite.start_relay().await;
    // While the second relay waits, the try for the lock is its last query.
    suite
        .until_count(
            "(SELECT 1 FROM pg_stat_activity WHERE state = 'idle' AND datname = current_database()
              AND query LIKE '%pg_try_advisory_lock%') AS waits",
            1,
        )
        .await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    for version in 2..=100 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("handled", 100).await;
    let versions: Vec<i64> = suite.handled().await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=100).collect::<Vec<i64>>());
    let leads = "(SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %') AS leads";
    assert_eq!(suite.count(leads).await, 1);
}
