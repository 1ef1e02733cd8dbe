//! What every service deletes in time: each round does a bounded part of the work.

use chassis::id::v7_floor;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::Deserialize;

use crate::{Db, StoreError, log};

/// How many rows one statement deletes.
const BATCH: i64 = 500;
/// For how much longer than the event log the inbox keeps its marks. An event may wait in an outbox, on the bus
/// or among the dead letters, before it is told.
const INBOX_MARGIN: SignedDuration = days(365);

const fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

/// For how long a service keeps what it told and could not handle. All services of a deployment have the same
/// settings: what one service may tell again, another must still know as handled.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct RetentionSettings {
    /// Days after which an event leaves the event log: so long may a subscriber of the feed stay away.
    pub event_days: u16,
    /// Days after which the content of an `AccessRecorded` leaves the event log.
    pub access_recorded_days: u16,
    /// Days after which a dead letter is deleted.
    pub dead_letter_days: u16,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { event_days: 400, access_recorded_days: 400, dead_letter_days: 90 }
    }
}

impl RetentionSettings {
    /// Events that were logged before this time are not told again.
    #[must_use]
    pub(crate) fn events_from(self, now: Timestamp) -> Timestamp {
        now - days(self.event_days.into())
    }

    pub(crate) fn access_recorded_until(self, now: Timestamp) -> Timestamp {
        now + days(self.access_recorded_days.into())
    }
}

/// Does one round. `consumers` are the names of the service's consumers.
pub(crate) async fn run(
    db: &Db,
    retention: RetentionSettings,
    consumers: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    log::blank_expired(db, now).await?;
    log::delete_before(db, retention.events_from(now)).await?;
    let mut tx = db.as_role("relay").await?;
    sqlx::query!(
        "UPDATE dead_letter SET payload = '', expires_at = NULL WHERE expires_at < $1",
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "DELETE FROM dead_letter WHERE died_at < $1",
        (now - days(retention.dead_letter_days.into())).to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    // The id of an event holds its time, so that the primary key finds the oldest marks of a consumer.
    sqlx::query!(
        "DELETE FROM inbox WHERE (consumer, event_id) IN
             (SELECT consumer, event_id FROM inbox WHERE consumer = ANY($1) AND event_id < $2 LIMIT $3)",
        consumers,
        v7_floor(retention.events_from(now) - INBOX_MARGIN),
        BATCH,
    )
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
