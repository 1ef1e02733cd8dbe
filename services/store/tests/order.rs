use std::collections::HashMap;

use prost::Message;
use testkit::caller;
use uuid::Uuid;

use crate::support::{Behaviour, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_aggregate_are_handled_in_order_and_once() {
    let suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    let emitters = (0..8).map(|number| {
        let suite = &suite;
        async move {
            for version in 1..=60 {
                suite.emit(caller::uuid(number), version).await;
            }
        }
    });
    futures::future::join_all(emitters).await;
    suite.until_count("handled", 480).await;

    let mut seen: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for (aggregate, version) in suite.handled().await {
        seen.entry(aggregate).or_default().push(version);
    }
    let in_order: Vec<i64> = (1..=60).collect();
    assert_eq!(seen.len(), 8);
    assert!(seen.values().all(|versions| *versions == in_order));
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_in_the_log_have_no_gap_and_the_outbox_drains() {
    let suite = Suite::start().await;
    for version in 1..=50 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 50).await;
    suite.until_count("outbox", 0).await;
    let positions: Vec<i64> = sqlx::query_scalar("SELECT position FROM event_log ORDER BY position")
        .fetch_all(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(positions, (1..=50).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_published_twice_has_one_effect() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    // Publish without a message id, so that the stream cannot drop the duplicate.
    let (subject, payload): (String, Vec<u8>) = sqlx::query_as("SELECT subject, payload FROM event_log")
        .fetch_one(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    let bus = suite.bus.context().await;
    for _ in 0..3 {
        bus.publish(subject.clone(), payload.clone().into()).await.unwrap().await.unwrap();
    }
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 2).await;
    suite.until_count("inbox", 2).await;
    assert_eq!(suite.handled().await, [(caller::uuid(1), 1), (caller::uuid(1), 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn republished_event_is_not_handled_again() {
    let suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("handled", 1).await;
    let republished = suite.republish(1).await.unwrap();
    assert_eq!(republished, 1);
    suite.emit(caller::uuid(1), 2).await;
    suite.until_count("handled", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_of_a_rolled_back_transaction_is_not_published() {
    let suite = Suite::start().await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), store::Mode::Write).await.unwrap();
    let message = proto::dossier::v1::RecordAdded { record_id: "x".to_owned(), section: 1 };
    assert!(message.encoded_len() > 0);
    tx.emit(store::About::new(caller::uuid(9), 1), &message).await.unwrap();
    drop(tx);
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    assert_eq!(suite.count("outbox").await, 0);
}
