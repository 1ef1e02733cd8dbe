//! Events that could not be handled: kept with the reason until an operator puts them back.

use chassis::id::EventId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Db, StoreError};

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

/// A dead letter as it is put back.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The consumer that could not handle it.
    pub consumer: String,
    /// As it came in.
    pub payload: Vec<u8>,
}

/// The dead letters of an event, one for each consumer that could not handle it.
///
/// # Errors
/// When the database is away.
pub async fn find(db: &Db, event: EventId) -> Result<Vec<Kept>, StoreError> {
    let mut tx = db.as_role("relay").await?;
    let letters = sqlx::query!("SELECT consumer, payload FROM dead_letter WHERE event_id = $1", event.uuid())
        .fetch_all(&mut *tx)
        .await?;
    Ok(letters.into_iter().map(|row| Kept { consumer: row.consumer, payload: row.payload }).collect())
}

/// Takes away a dead letter that was handled after all.
///
/// # Errors
/// When the database is away.
pub async fn remove(db: &Db, consumer: &str, event: EventId) -> Result<(), StoreError> {
    let mut tx = db.as_role("relay").await?;
    sqlx::query!("DELETE FROM dead_letter WHERE consumer = $1 AND event_id = $2", consumer, event.uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
