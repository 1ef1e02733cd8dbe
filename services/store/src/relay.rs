//! Publishes the events of the outbox in order, and moves acknowledged events to `event_log`.
//!
//! An advisory lock lets only one relay of a service work at a time; the relays of other processes wait. The
//! relay keeps no position in the outbox: sequence numbers may commit out of order, so that each round reads
//! the oldest events that are there. After a crash between publishing and moving, events are published a
//! second time; `Nats-Msg-Id` and the inbox remove the second effect.

use std::time::Duration;

use async_nats::{HeaderMap, jetstream::Context};
use chassis::Clock;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection, postgres::PgListener};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Db, StoreError, stream};

/// The most events that are published before the relay waits for the first acknowledgement.
const IN_FLIGHT: i64 = 128;
/// The advisory lock of the relay: a number that nothing else in this database uses.
const LOCK: i64 = 0x5245_4c41_5900;
/// How long the relay waits if nothing wakes it.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two NOTIFYs of one process.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// How long the audit trail's events may wait for more such events, to be published together.
const LINGER: Duration = Duration::from_millis(25);
/// How many bytes of the bus's limit are left for the headers of a message.
const HEADER_ROOM: usize = 4096;
/// How long an acknowledgement may take.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the relay or a republish failed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// NATS cannot be reached, refused an event or did not acknowledge an event.
    #[error("the bus failed: {0}")]
    Bus(String),
}

impl From<sqlx::Error> for RelayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The relay of one process.
pub struct Relay {
    db: Db,
    clock: Clock,
    bus: Context,
    replicas: usize,
}

impl Relay {
    /// A relay that publishes the outbox of this database to this bus.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, bus: Context, replicas: usize) -> Self {
        Self { db, clock, bus, replicas }
    }

    /// Runs until `shutdown`. After a failure the relay pauses and starts again.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut delay = Duration::from_millis(100);
        while !shutdown.is_cancelled() {
            let round = tokio::select! {
                round = self.lead_or_wait() => round,
                () = shutdown.cancelled() => return,
            };
            match round {
                Ok(()) => delay = Duration::from_millis(100),
                Err(error) => {
                    tracing::warn!(cause = chassis::failure::chain(&error), "the relay failed and pauses");
                    tokio::select! {
                        () = tokio::time::sleep(delay) => {}
                        () = shutdown.cancelled() => return,
                    }
                    delay = (delay * 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// With the lock, publishes until something fails. Without the lock, waits for a commit of this process
    /// and notifies the relay that has the lock.
    async fn lead_or_wait(&self) -> Result<(), RelayError> {
        // A connection of its own, because the lock belongs to the session.
        let mut connection = self.db.connect_as("relay").await?;
        let leads: bool = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "leads!""#, LOCK)
            .fetch_one(&mut connection)
            .await?;
        if leads {
            return self.lead(&mut connection).await;
        }
        if tokio::time::timeout(POLL, self.wait_for_commit()).await.is_ok() {
            tokio::time::sleep(DEBOUNCE).await;
            sqlx::query("NOTIFY outbox").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    async fn lead(&self, connection: &mut PgConnection) -> Result<(), RelayError> {
        let mut listener = PgListener::connect_with(self.db.pool()).await?;
        listener.listen("outbox").await?;
        stream::ensure(&self.bus, self.replicas).await.map_err(|error| RelayError::Bus(error.to_string()))?;
        loop {
            while self.publish_window(connection).await? == IN_FLIGHT {}
            let woken = async {
                tokio::select! {
                    () = self.wait_for_commit() => Ok(()),
                    notification = listener.recv() => notification.map(drop),
                }
            };
            if let Ok(result) = tokio::time::timeout(POLL, woken).await {
                result?;
            }
        }
    }

    /// Waits for a commit of this process that added events to the outbox. The audit trail commits often, and
    /// no caller waits for its events: gather them for a moment. Any other commit ends the wait at once.
    async fn wait_for_commit(&self) {
        tokio::select! {
            () = self.db.outbox_committed().notified() => {}
            () = self.db.trail_committed().notified() => {
                let _ = tokio::time::timeout(LINGER, self.db.outbox_committed().notified()).await;
            }
        }
    }

    /// Publishes the oldest events and moves the acknowledged events to the log. Returns how many moved.
    async fn publish_window(&self, connection: &mut PgConnection) -> Result<i64, RelayError> {
        let rows = sqlx::query!(
            "SELECT sequence, event_id, subject, payload, traceparent
             FROM outbox ORDER BY sequence LIMIT $1",
            IN_FLIGHT
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut acks = Vec::with_capacity(rows.len());
        let mut failed = None;
        let max_payload = self.bus.client().max_payload();
        for row in rows {
            if row.payload.len() + HEADER_ROOM > max_payload {
                move_to_dead_letters(connection, row.sequence, self.clock.now()).await?;
                tracing::error!(
                    event = %row.event_id,
                    bytes = row.payload.len(),
                    "the event is too large for the bus and is moved to the dead letters"
                );
                continue;
            }
            let headers = headers(row.event_id, &row.traceparent);
            match self.bus.publish_with_headers(row.subject, headers, row.payload.into()).await {
                Ok(ack) => acks.push((row.sequence, ack)),
                Err(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        let mut acknowledged = Vec::with_capacity(acks.len());
        for (sequence, ack) in acks {
            match tokio::time::timeout(ACK_TIMEOUT, ack.into_future()).await {
                Ok(Ok(_)) => acknowledged.push(sequence),
                Ok(Err(error)) => {
                    failed.get_or_insert(error.to_string());
                    break;
                }
                Err(_) => {
                    failed.get_or_insert("no acknowledgement in time".to_owned());
                    break;
                }
            }
        }
        let moved = move_to_log(connection, &acknowledged).await?;
        match failed {
            None => Ok(moved),
            Some(cause) => {
                // The stream may be missing, for example on a new disk: create the stream again.
                let _ = stream::ensure(&self.bus, self.replicas).await;
                Err(RelayError::Bus(cause))
            }
        }
    }
}

fn headers(event: Uuid, traceparent: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, event.to_string());
    if !traceparent.is_empty() {
        headers.insert("traceparent", traceparent);
    }
    headers
}

/// Moves an event that is too large for the bus to the dead letters, so that later events are published.
async fn move_to_dead_letters(
    connection: &mut PgConnection,
    sequence: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH moved AS (DELETE FROM outbox WHERE sequence = $1 RETURNING event_id, subject, payload)
         INSERT INTO dead_letter (consumer, event_id, subject, payload, reason, attempts, died_at)
         SELECT 'relay', event_id, subject, payload, 'too large for the bus', 1, $2 FROM moved",
        sequence,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves rows to the log and gives each the next position. Only the holder of the lock may call this: two
/// callers would use the same positions.
async fn move_to_log(connection: &mut PgConnection, sequences: &[i64]) -> Result<i64, sqlx::Error> {
    if sequences.is_empty() {
        return Ok(0);
    }
    let moved = sqlx::query!(
        "WITH moved AS (
             DELETE FROM outbox WHERE sequence = ANY($1)
             RETURNING sequence, event_id, organisation_id, subject, payload, traceparent, expires_at
         )
         INSERT INTO event_log
             (position, event_id, organisation_id, subject, payload, traceparent, expires_at)
         SELECT (SELECT coalesce(max(position), 0) FROM event_log) + row_number() OVER (ORDER BY sequence),
             event_id, organisation_id, subject, payload, traceparent, expires_at
         FROM moved",
        sequences
    )
    .execute(connection)
    .await?;
    Ok(i64::try_from(moved.rows_affected()).unwrap_or(i64::MAX))
}

/// Publishes the event log from a position on again, for a wiped or new bus. Returns the number of events.
///
/// # Errors
/// When the database or the bus cannot be reached. Republishing can be repeated without harm.
pub async fn republish(db: &Db, bus: &Context, replicas: usize, from: i64) -> Result<u64, RelayError> {
    stream::ensure(bus, replicas).await.map_err(|error| RelayError::Bus(error.to_string()))?;
    let (mut position, mut count) = (from, 0);
    loop {
        let mut tx = db.as_role("relay").await?;
        let rows = sqlx::query!(
            "SELECT position, event_id, subject, payload, traceparent FROM event_log
             WHERE position >= $1 AND payload <> '' ORDER BY position LIMIT $2",
            position,
            IN_FLIGHT
        )
        .fetch_all(&mut *tx)
        .await?;
        drop(tx);
        let Some(last) = rows.last() else { return Ok(count) };
        position = last.position + 1;
        let mut acks = Vec::with_capacity(rows.len());
        for row in rows {
            let headers = headers(row.event_id, &row.traceparent);
            acks.push(
                bus.publish_with_headers(row.subject, headers, row.payload.into())
                    .await
                    .map_err(|error| RelayError::Bus(error.to_string()))?,
            );
        }
        for ack in acks {
            ack.await.map_err(|error| RelayError::Bus(error.to_string()))?;
            count += 1;
        }
    }
}
