//! The events in a service's outbox, read as a superuser.

use jiff::Timestamp;
use prost::{Message, Name};
use proto::event::v1::Event;
use sqlx::PgConnection;
use store::Db;

/// All events of one type that wait in the outbox, oldest first.
pub async fn events<M: Message + Name + Default>(connection: &mut PgConnection) -> Vec<(Event, M)> {
    let payloads: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM outbox WHERE subject LIKE '%.' || $1 ORDER BY sequence")
            .bind(M::full_name())
            .fetch_all(connection)
            .await
            .unwrap();
    payloads
        .iter()
        .map(|payload| {
            let event = Event::decode(payload.as_slice()).unwrap();
            let message = event.data.as_ref().unwrap().to_msg().unwrap();
            (event, message)
        })
        .collect()
}

/// Moves the outbox to the event log, as the relay does after the bus has acknowledged the events.
pub async fn publish(db: &Db, now: Timestamp) {
    store::log::append_outbox(db, now).await.unwrap();
}

/// The subjects of all events in the outbox, oldest first.
pub async fn subjects(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("SELECT subject FROM outbox ORDER BY sequence").fetch_all(connection).await.unwrap()
}
