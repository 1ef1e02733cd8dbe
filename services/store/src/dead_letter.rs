//! Events that could not be handled: kept with the reason until an operator puts them back.

use async_nats::{HeaderMap, jetstream::Context};
use chassis::id::EventId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Db, StoreError, relay::RelayError};

/// One event that one consumer could not handle.
#[derive(Clone, Debug)]
pub struct DeadLetter<'a> {
    /// The consumer.
    pub consumer: &'a str,
    /// The event; a made-up id where the envelope cannot be read.
    pub event: Uuid,
    /// Where it came in.
    pub subject: &'a str,
    /// As it came in.
    pub payload: &'a [u8],
    /// Why; for the operator, holds no content.
    pub reason: &'a str,
    /// How often it was tried.
    pub attempts: i64,
}

/// Keeps a dead letter.
///
/// # Errors
/// When the database is away.
pub async fn keep(db: &Db, letter: DeadLetter<'_>, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.as_role("relay").await?;
    sqlx::query!(
        "INSERT INTO dead_letter (consumer, event_id, subject, payload, reason, attempts, died_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (consumer, event_id) DO UPDATE
         SET reason = excluded.reason, attempts = excluded.attempts, died_at = excluded.died_at",
        letter.consumer,
        letter.event,
        letter.subject,
        letter.payload,
        letter.reason,
        letter.attempts,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Puts an event back on the bus. Consumers that handled it before know it from their inbox; the others try again.
/// Says for how many consumers it was dead.
///
/// # Errors
/// When the database or the bus is away; it stays dead then.
pub async fn replay(db: &Db, bus: &Context, event: EventId, now: Timestamp) -> Result<u64, RelayError> {
    let mut tx = db.as_role("relay").await?;
    let letters =
        sqlx::query!("DELETE FROM dead_letter WHERE event_id = $1 RETURNING subject, payload", event.uuid())
            .fetch_all(&mut *tx)
            .await
            .map_err(StoreError::from)?;
    let count = letters.len() as u64;
    if let Some(letter) = letters.into_iter().next() {
        let mut headers = HeaderMap::new();
        // Another id than at first: the stream must not take it for a repetition.
        let id = format!("{event}-replay-{}", now.as_millisecond());
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id);
        let ack = bus.publish_with_headers(letter.subject, headers, letter.payload.into()).await;
        let acknowledged = match ack {
            Ok(ack) => ack.await.map(drop).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        acknowledged.map_err(RelayError::Bus)?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(count)
}
