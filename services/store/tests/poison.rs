use async_nats::jetstream::{AckKind, consumer::pull};
use chassis::id::EventId;
use futures::StreamExt;
use prost::Message;
use store::event::envelope;
use testkit::caller;

use crate::support::{Behaviour, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn malformed_event_becomes_a_dead_letter_and_blocks_none() {
    let suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("handled", 1).await;
    let bus = suite.bus.context().await;
    let subject = "event.zorgportaal.dossier.v1.RecordAdded";
    bus.publish(subject, "not an event".into()).await.unwrap().await.unwrap();
    suite.emit(caller::uuid(1), 2).await;
    suite.until_count("handled", 2).await;
    suite.until_count("dead_letter", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_that_always_fails_is_a_dead_letter_after_8_attempts() {
    let suite = Suite::start().await;
    let poison = caller::uuid(66);
    let mut consumer = suite.start_consumer(Behaviour::FailsOn(poison)).await;
    suite.emit(poison, 1).await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("dead_letter", 1).await;
    suite.until_count("handled", 1).await;

    assert_eq!(suite.handled().await, [(caller::uuid(1), 1)], "a failed handler leaves no effect");
    let attempts: i64 = sqlx::query_scalar("SELECT attempts FROM dead_letter")
        .fetch_one(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(attempts, 8);
    let mut tries = 0;
    while let Ok((aggregate, _)) = consumer.handled.try_recv() {
        tries += usize::from(aggregate == poison);
    }
    assert!(tries >= 8, "{tries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_dead_letter_is_handled_and_deleted() {
    let suite = Suite::start().await;
    let poison = caller::uuid(66);
    let _consumer = suite.start_consumer(Behaviour::FailsOn(poison)).await;
    suite.emit(poison, 1).await;
    suite.until_count("dead_letter", 1).await;
    let event: uuid::Uuid = sqlx::query_scalar("SELECT event_id FROM dead_letter")
        .fetch_one(&mut suite.database.as_superuser().await)
        .await
        .unwrap();
    // The repaired service: a consumer of the same name, whose handler succeeds.
    let (repaired, _handled) = Suite::consumer(Behaviour::Succeeds);
    for letter in store::dead_letter::find(&suite.db, EventId(event)).await.unwrap() {
        assert_eq!(letter.consumer, repaired.name());
        repaired.replay(&suite.db, &suite.clock, &letter.payload).await.unwrap();
    }
    assert_eq!(suite.handled().await, [(poison, 1)]);
    assert_eq!(suite.count("dead_letter").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn event_too_large_for_the_bus_blocks_no_later_event() {
    let suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), store::Mode::Write).await.unwrap();
    let message = proto::dossier::v1::RecordAdded { record_id: "x".repeat(2_000_000), section: 1 };
    tx.emit(store::About::new(caller::uuid(1), 1), &message).await.unwrap();
    tx.commit().await.unwrap();
    suite.emit(caller::uuid(2), 1).await;
    suite.until_count("handled", 1).await;
    suite.until_count("dead_letter", 1).await;
    assert_eq!(suite.count("outbox").await, 0);
}

/// During an outage the bus delivers an event again and again while the event waits behind others.
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_during_an_outage_are_no_attempts() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    let bus = suite.bus.context().await;
    store::stream::ensure(&bus, 1).await.unwrap();
    suite.until_count("event_log", 1).await;
    let config = pull::Config {
        durable_name: Some("store__RecordAdded".to_owned()),
        filter_subject: "event.zorgportaal.dossier.v1.RecordAdded".to_owned(),
        ..pull::Config::default()
    };
    let consumer = bus.get_stream("EVENTS").await.unwrap().create_consumer(config).await.unwrap();
    for _ in 0..12 {
        let mut messages = consumer.messages().await.unwrap();
        messages.next().await.unwrap().unwrap().ack_with(AckKind::Nak(None)).await.unwrap();
    }
    let _consumer = suite.start_consumer(Behaviour::FailsOnce).await;
    suite.until_count("handled", 1).await;
    assert_eq!(suite.count("dead_letter").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_dead_letter_of_the_relay_is_published() {
    let suite = Suite::start().await;
    let _consumer = suite.start_consumer(Behaviour::Succeeds).await;
    // As if the event had been too large for an earlier bus.
    let message = proto::dossier::v1::RecordAdded { record_id: "r".to_owned(), section: 1 };
    let (_, event) = envelope(&suite.ctx(), store::About::new(caller::uuid(1), 1), &message);
    let id: EventId = event.event_id.parse().unwrap();
    sqlx::query(
        "INSERT INTO dead_letter (consumer, event_id, subject, payload, reason, attempts, died_at)
         VALUES ('relay', $1, 'event.zorgportaal.dossier.v1.RecordAdded', $2, 'too large for the bus', 1, now())",
    )
    .bind(id.uuid())
    .bind(event.encode_to_vec())
    .execute(&mut suite.database.as_superuser().await)
    .await
    .unwrap();
    for letter in store::dead_letter::find(&suite.db, id).await.unwrap() {
        store::dead_letter::publish_again(&suite.db, id, &letter).await.unwrap();
    }
    assert_eq!(suite.count("dead_letter").await, 0);
    suite.until_count("event_log", 1).await;
    suite.until_count("handled", 1).await;
}
