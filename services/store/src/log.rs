//! The event log: the events that the bus has acknowledged, in order. Each event gets the next position, and a
//! keyed hash, so that a changed or deleted event shows.

use chassis::keyed_hash::HashKeys;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{Db, StoreError};

/// How many events one statement changes or deletes.
const BATCH: i64 = 500;

/// An event of the log or, before the event has a position, of the outbox.
#[derive(Clone, Debug)]
pub(crate) struct Logged<P> {
    pub(crate) event: Uuid,
    pub(crate) organisation: Uuid,
    pub(crate) subject: String,
    pub(crate) payload: P,
}

impl<P: AsRef<[u8]>> Logged<P> {
    /// What the keyed hash covers. The lengths are fixed or stand before their text, so that no byte can move
    /// from one part to the next unnoticed.
    fn hashed(&self, position: i64) -> Vec<u8> {
        let payload = self.payload.as_ref();
        let mut bytes = Vec::with_capacity(payload.len() + self.subject.len() + 32);
        bytes.extend_from_slice(&position.to_be_bytes());
        bytes.extend_from_slice(self.organisation.as_bytes());
        bytes.extend_from_slice(&(self.subject.len() as u64).to_be_bytes());
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    pub(crate) fn mac(&self, keys: &HashKeys, position: i64) -> Vec<u8> {
        keys.hash("event log", self.event, &self.hashed(position))
    }

    pub(crate) fn matches(&self, keys: &HashKeys, position: i64, mac: &[u8]) -> bool {
        keys.matches(mac, "event log", self.event, &self.hashed(position))
    }
}

/// An event of the outbox that the bus has acknowledged.
pub(crate) struct Acknowledged<P> {
    pub(crate) sequence: i64,
    pub(crate) logged: Logged<P>,
}

/// The position of the log's newest event; 0: the log was never written.
pub(crate) async fn last_position(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT last FROM event_position").fetch_one(connection).await
}

/// Moves events to the log, after the position `last`. Returns the new last position. Only the holder of the
/// relay's lock may call this; a second caller fails, because a position is used once.
pub(crate) async fn append<P: AsRef<[u8]>>(
    connection: &mut PgConnection,
    keys: &HashKeys,
    now: Timestamp,
    last: i64,
    events: &[Acknowledged<P>],
) -> Result<i64, sqlx::Error> {
    if events.is_empty() {
        return Ok(last);
    }
    let (mut sequences, mut positions, mut macs) = (Vec::new(), Vec::new(), Vec::new());
    let mut position = last;
    for event in events {
        position += 1;
        sequences.push(event.sequence);
        positions.push(position);
        macs.push(event.logged.mac(keys, position));
    }
    sqlx::query!(
        "WITH moved AS (
             DELETE FROM outbox WHERE sequence = ANY($1)
             RETURNING sequence, event_id, organisation_id, subject, payload, traceparent, expires_at
         ), counted AS (UPDATE event_position SET last = $4)
         INSERT INTO event_log
             (position, event_id, organisation_id, subject, payload, traceparent, expires_at, logged_at, mac)
         SELECT new.position, event_id, organisation_id, subject, payload, traceparent, expires_at, $5, new.mac
         FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS new (sequence, position, mac)
         JOIN moved USING (sequence)",
        &sequences,
        &positions,
        &macs,
        position,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(position)
}

/// Moves the whole outbox to the log, as if the bus had acknowledged every event. For tests without a bus.
///
/// # Errors
/// When the database cannot be reached.
pub async fn append_outbox(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.as_role("relay").await?;
    let rows = sqlx::query!(
        "SELECT sequence, event_id, organisation_id, subject, payload FROM outbox ORDER BY sequence"
    );
    let events: Vec<_> = rows
        .fetch_all(&mut *tx)
        .await?
        .into_iter()
        .map(|row| Acknowledged {
            sequence: row.sequence,
            logged: Logged {
                event: row.event_id,
                organisation: row.organisation_id,
                subject: row.subject,
                payload: row.payload,
            },
        })
        .collect();
    let last = last_position(&mut tx).await?;
    append(&mut tx, db.trail(), now, last, &events).await?;
    Ok(tx.commit().await?)
}

/// Blanks the payload of these events, and hashes them anew.
async fn blank(
    tx: &mut Transaction<'static, Postgres>,
    keys: &HashKeys,
    events: Vec<(i64, Logged<Vec<u8>>)>,
) -> Result<(), StoreError> {
    let (positions, macs): (Vec<i64>, Vec<Vec<u8>>) = events
        .into_iter()
        .map(|(position, event)| (position, Logged { payload: Vec::new(), ..event }.mac(keys, position)))
        .unzip();
    sqlx::query!(
        "UPDATE event_log SET payload = '', expires_at = NULL, mac = blanked.mac
         FROM unnest($1::bigint[], $2::bytea[]) AS blanked (position, mac)
         WHERE event_log.position = blanked.position",
        &positions,
        &macs,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Blanks expired events: deliveries that nobody needs any more, and what was told of accesses long ago. Returns
/// their number.
pub(crate) async fn blank_expired(db: &Db, now: Timestamp) -> Result<usize, StoreError> {
    let mut tx = db.as_role("relay").await?;
    let rows = sqlx::query!(
        "SELECT position, event_id, organisation_id, subject FROM event_log WHERE expires_at < $1 LIMIT $2",
        now.to_sqlx() as _,
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let events: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let (event, organisation, subject) = (row.event_id, row.organisation_id, row.subject);
            (row.position, Logged { event, organisation, subject, payload: Vec::new() })
        })
        .collect();
    let count = events.len();
    blank(&mut tx, db.trail(), events).await?;
    tx.commit().await?;
    Ok(count)
}

/// Blanks the deliveries that name an account, such as an account that was removed. Returns whether all are
/// blanked: `false` while a delivery of the organisation waits to be published.
///
/// # Errors
/// When the database cannot be reached.
pub async fn blank_deliveries(db: &Db, organisation: Uuid, account: Uuid) -> Result<bool, StoreError> {
    let mut tx = db.as_role("relay").await?;
    // Look into the outbox before the log: an event that the relay moves meanwhile is then found in the log.
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM outbox WHERE organisation_id = $1 AND subject LIKE 'delivery.%') AS "waits!""#,
        organisation,
    )
    .fetch_one(&mut *tx)
    .await?;
    let account = account.to_string();
    // The log has no column for the account; its id is a text within the payload. A delivery that was blanked
    // has no `expires_at`.
    let rows = sqlx::query!(
        "SELECT position, event_id, organisation_id, subject FROM event_log
         WHERE organisation_id = $1 AND subject LIKE 'delivery.%' AND expires_at IS NOT NULL
             AND position($2::bytea IN payload) > 0",
        organisation,
        account.as_bytes(),
    )
    .fetch_all(&mut *tx)
    .await?;
    let events = rows
        .into_iter()
        .map(|row| {
            let (event, organisation, subject) = (row.event_id, row.organisation_id, row.subject);
            (row.position, Logged { event, organisation, subject, payload: Vec::new() })
        })
        .collect();
    blank(&mut tx, db.trail(), events).await?;
    tx.commit().await?;
    Ok(!waits)
}

/// What the keyed hash of the log's lowest position covers.
fn hash_first(keys: &HashKeys, first: i64) -> Vec<u8> {
    keys.hash("event log start", Uuid::nil(), &first.to_be_bytes())
}

/// Whether the lowest position was set by this service. A log of which nothing was deleted needs no hash.
pub(crate) fn matches_first(keys: &HashKeys, first: i64, mac: &[u8]) -> bool {
    first == 1 || keys.matches(mac, "event log start", Uuid::nil(), &first.to_be_bytes())
}

/// Deletes the oldest events, up to the first that was logged at `until` or later. Returns their number.
///
/// # Errors
/// When the database cannot be reached.
pub async fn delete_before(db: &Db, until: Timestamp) -> Result<u64, StoreError> {
    let mut tx = db.as_role("relay").await?;
    let rows = sqlx::query!(
        r#"SELECT position, logged_at AS "logged_at: jiff_sqlx::Timestamp" FROM event_log ORDER BY position LIMIT $1"#,
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    let old = rows.iter().take_while(|row| row.logged_at.to_jiff() < until).last();
    let Some(last) = old.map(|row| row.position) else { return Ok(0) };
    let deleted = sqlx::query!("DELETE FROM event_log WHERE position <= $1", last).execute(&mut *tx).await?;
    sqlx::query!(
        "UPDATE event_position SET first = $1, first_mac = $2",
        last + 1,
        hash_first(db.trail(), last + 1),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected())
}

/// The lowest position that the log keeps.
pub(crate) async fn first_position(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT first FROM event_position").fetch_one(connection).await
}
