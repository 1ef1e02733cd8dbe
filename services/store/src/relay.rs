//! Publishes the outbox, in order, and moves what was acknowledged to `event_log`.
//!
//! One relay of a service works at a time, by an advisory lock; the others wait for it to go. There is no pointer into
//! the outbox: sequences commit out of order, so that the relay takes whatever is there. A crash between publish and
//! move publishes again; `Nats-Msg-Id` and the inbox make that have no effect.

use std::time::Duration;

use async_nats::{HeaderMap, jetstream::Context};
use chassis::Clock;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection, postgres::PgListener};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Db, StoreError, stream};

/// How many events are published before the first acknowledgement is awaited.
const IN_FLIGHT: i64 = 128;
/// The advisory lock of the relay; any number that nothing else in this database uses.
const LOCK: i64 = 0x5245_4c41_5900;
/// How long to wait when nothing wakes the relay.
const POLL: Duration = Duration::from_secs(1);
/// At most one NOTIFY in this time.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// How long what the audit trail tells may wait for more of it.
const LINGER: Duration = Duration::from_millis(25);
/// Room for the headers of a message.
const HEADERS: usize = 4096;
/// How long an acknowledgement may take.
const ACK: Duration = Duration::from_secs(5);

/// Why a round of the relay ended early.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Postgres.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// NATS took or acknowledged nothing.
    #[error("the bus does not acknowledge: {0}")]
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
    /// A relay from this database to this bus.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, bus: Context, replicas: usize) -> Self {
        Self { db, clock, bus, replicas }
    }

    /// Runs until cancelled; whatever fails is tried again.
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
                    tracing::warn!(cause = chassis::failure::chain(&error), "relay pauses");
                    tokio::select! {
                        () = tokio::time::sleep(delay) => {}
                        () = shutdown.cancelled() => return,
                    }
                    delay = (delay * 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// Takes the lock and works until something fails; without the lock, passes pokes on to the one that has it.
    async fn lead_or_wait(&self) -> Result<(), RelayError> {
        // A connection of its own: the lock is the session's.
        let mut connection = self.db.connect_as("relay").await?;
        let leads: bool = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "leads!""#, LOCK)
            .fetch_one(&mut connection)
            .await?;
        if leads {
            return self.lead(&mut connection).await;
        }
        if tokio::time::timeout(POLL, self.woken()).await.is_ok() {
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
            while self.round(connection).await? == IN_FLIGHT {}
            let woken = async {
                tokio::select! {
                    () = self.woken() => Ok(()),
                    heard = listener.recv() => heard.map(drop),
                }
            };
            if let Ok(heard) = tokio::time::timeout(POLL, woken).await {
                heard?;
            }
        }
    }

    /// Waits for a commit of this process that told something. The trail's commits, one for each handful of reads, are
    /// gathered for a moment; whatever somebody waits for goes at once, and takes them along.
    async fn woken(&self) {
        tokio::select! {
            () = self.db.outbox().notified() => {}
            () = self.db.trail().notified() => {
                let _ = tokio::time::timeout(LINGER, self.db.outbox().notified()).await;
            }
        }
    }

    /// Publishes one window and moves its acknowledged prefix. Says how many were moved.
    async fn round(&self, connection: &mut PgConnection) -> Result<i64, RelayError> {
        let rows = sqlx::query!(
            "SELECT sequence, event_id, subject, payload, traceparent
             FROM outbox ORDER BY sequence LIMIT $1",
            IN_FLIGHT
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut acks = Vec::with_capacity(rows.len());
        let mut failed = None;
        let most = self.bus.client().max_payload();
        for row in rows {
            if row.payload.len() + HEADERS > most {
                put_aside(connection, row.sequence, self.clock.now()).await?;
                tracing::error!(event = %row.event_id, bytes = row.payload.len(), "too large for the bus: put aside");
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
            match tokio::time::timeout(ACK, ack.into_future()).await {
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
                // The stream itself may be gone, such as after a wiped disk.
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

/// Moves an event that the bus can never take to the dead letters, so that those behind it go on.
async fn put_aside(connection: &mut PgConnection, sequence: i64, now: Timestamp) -> Result<(), sqlx::Error> {
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

/// Gives each row the next position, in one statement. Only the holder of the lock comes here.
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

/// Puts what was published from a position on into the streams again: after a wiped or new bus. Says how many.
///
/// # Errors
/// When the database or the bus is away; run it again then.
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
