//! Dead letters: events that could not be handled. Stored with the reason, for an operator
//! to replay.

use chassis::id::{EventId, OrganisationId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use prost::Message;
use proto::event::v1::Event;
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// The consumer of the letters of events that the relay could not publish.
pub(crate) const RELAY: &str = "relay";

/// One event that one consumer could not handle.
#[derive(Clone, Debug)]
pub struct DeadLetter<'a> {
    /// The name of the consumer that failed.
    pub consumer: &'a str,
    /// The event's id; a new id if the envelope cannot be decoded.
    pub event: Uuid,
    /// The event's subject on the bus.
    pub subject: &'a str,
    /// The bytes as the bus delivered them.
    pub payload: &'a [u8],
    /// Why the event could not be handled, for the operator. Holds no care content.
    pub reason: &'a str,
    /// How often the consumer tried to handle the event.
    pub attempts: i64,
    /// When the event's payload is of no more use and is blanked; `None`: when the dead letter is deleted.
    pub expires_at: Option<Timestamp>,
}

/// Stores a dead letter; replaces the reason of one that is stored already.
///
/// # Errors
/// When the database cannot be reached.
pub async fn insert(db: &Db, letter: DeadLetter<'_>, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.as_role("relay").await?;
    sqlx::query!(
        "INSERT INTO dead_letter (consumer, event_id, subject, payload, reason, attempts, died_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (consumer, event_id) DO UPDATE
         SET reason = excluded.reason, attempts = excluded.attempts, died_at = excluded.died_at",
        letter.consumer,
        letter.event,
        letter.subject,
        letter.payload,
        letter.reason,
        letter.attempts,
        now.to_sqlx() as _,
        letter.expires_at.map(Timestamp::to_sqlx) as _,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Blanks the dead letters that name an account, such as an account that was removed.
///
/// # Errors
/// When the database cannot be reached.
pub async fn blank_of_account(tx: &mut Tx, account: Uuid) -> Result<(), StoreError> {
    sqlx::query!("SELECT zp_blank_dead_letters($1)", account).execute(tx.connection()).await?;
    Ok(())
}

/// What a replay needs of a stored dead letter.
#[derive(Clone, Debug)]
pub struct StoredDeadLetter {
    /// The name of the consumer that failed.
    pub consumer: String,
    /// The event's subject on the bus.
    pub subject: String,
    /// When the payload is of no more use.
    pub expires_at: Option<Timestamp>,
    /// The bytes as the bus delivered them.
    pub payload: Vec<u8>,
}

/// The dead letters of an event: one for each consumer that failed.
///
/// # Errors
/// When the database cannot be reached.
pub async fn find(db: &Db, event: EventId) -> Result<Vec<StoredDeadLetter>, StoreError> {
    let mut tx = db.as_role("relay").await?;
    let letters = sqlx::query!(
        r#"SELECT consumer, subject, payload, expires_at AS "expires_at: jiff_sqlx::Timestamp"
         FROM dead_letter WHERE event_id = $1 AND payload <> ''"#,
        event.uuid()
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(letters
        .into_iter()
        .map(|row| StoredDeadLetter {
            consumer: row.consumer,
            subject: row.subject,
            payload: row.payload,
            expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

/// Puts an event that the relay could not publish back into the outbox, such as one that was too large before the bus took
/// larger messages. The relay moves the event to the dead letters again if it still cannot be published.
///
/// # Errors
/// When the letter holds no event, or the database cannot be reached.
pub async fn publish_again(db: &Db, event: EventId, letter: &StoredDeadLetter) -> Result<(), StoreError> {
    let envelope = Event::decode(letter.payload.as_slice())?;
    // The relay read the event from the outbox, so that the envelope is the service's own.
    let organisation = envelope.organisation_id.parse().unwrap_or(OrganisationId(Uuid::nil()));
    let mut tx = db.as_role("relay").await?;
    sqlx::query!(
        "WITH moved AS (DELETE FROM dead_letter WHERE consumer = $1 AND event_id = $2)
         INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent, expires_at)
         VALUES ($2, $3, $4, $5, '', $6) ON CONFLICT (event_id) DO NOTHING",
        RELAY,
        event.uuid(),
        organisation.uuid(),
        letter.subject,
        letter.payload,
        letter.expires_at.map(Timestamp::to_sqlx) as _,
    )
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// Deletes a dead letter, after its event was handled.
///
/// # Errors
/// When the database cannot be reached.
pub async fn remove(db: &Db, consumer: &str, event: EventId) -> Result<(), StoreError> {
    let mut tx = db.as_role("relay").await?;
    sqlx::query!("DELETE FROM dead_letter WHERE consumer = $1 AND event_id = $2", consumer, event.uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
