//! Publishes the events of the outbox in order, and moves acknowledged events to `event_log`.
//!
//! An advisory lock lets only one relay of a service work at a time; the relays of other processes wait. The
//! relay keeps no position in the outbox: sequence numbers may commit out of order, so that each round reads
//! the oldest events that are there. After a crash between publishing and moving, events are published a
//! second time; `Nats-Msg-Id` and the inbox remove the second effect.

use std::{sync::atomic::Ordering, time::Duration};

use async_nats::jetstream::Context;
use bytes::Bytes;
use chassis::Clock;
use futures::FutureExt;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection, postgres::PgListener};
use tokio_util::sync::CancellationToken;

use crate::{
    Db, dead_letter,
    event::headers,
    housekeeping::RetentionSettings,
    log::{self, Acknowledged, Logged},
    republish::{self, RelayError},
};

/// The most events that are published before the relay waits for the first acknowledgement.
const IN_FLIGHT: i64 = 128;
/// The advisory lock of the relay: a number that nothing else in this database uses.
const LOCK: i64 = 0x5245_4c41_5900;
/// How long the relay waits if nothing wakes it.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two NOTIFYs of one process.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// How often the relay looks whether the bus still has the streams that it had.
const LOOK: Duration = Duration::from_secs(30);
/// How many bytes of the bus's limit are left for the headers of a message.
const HEADER_ROOM: usize = 4096;
/// How long an acknowledgement may take.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// The relay of one process.
pub struct Relay {
    db: Db,
    clock: Clock,
    bus: Context,
    replicas: usize,
    retention: RetentionSettings,
}

impl Relay {
    /// A relay that publishes the outbox of this database to this bus.
    #[must_use]
    pub const fn new(
        db: Db,
        clock: Clock,
        bus: Context,
        replicas: usize,
        retention: RetentionSettings,
    ) -> Self {
        Self { db, clock, bus, replicas, retention }
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
        if tokio::time::timeout(POLL, self.db.outbox_committed().notified()).await.is_ok() {
            tokio::time::sleep(DEBOUNCE).await;
            sqlx::query("NOTIFY outbox").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    async fn lead(&self, connection: &mut PgConnection) -> Result<(), RelayError> {
        let mut listener = PgListener::connect_with(self.db.pool()).await?;
        listener.listen("outbox").await?;
        let mut last = log::last_position(connection).await?;
        let mut look = tokio::time::interval(LOOK);
        let mut connects = None;
        loop {
            // A bus that was away may have come back without its streams.
            let now_connected = self.bus.client().statistics().connects.load(Ordering::Relaxed);
            if connects != Some(now_connected) || look.tick().now_or_never().is_some() {
                self.republish_after_loss(connection).await?;
                connects = Some(now_connected);
            }
            loop {
                let before = last;
                last = self.publish_window(connection, before).await?;
                if last - before < IN_FLIGHT {
                    break;
                }
            }
            let woken = async {
                tokio::select! {
                    () = self.db.outbox_committed().notified() => Ok(()),
                    notification = listener.recv() => notification.map(drop),
                }
            };
            if let Ok(result) = tokio::time::timeout(POLL, woken).await {
                result?;
            }
        }
    }

    async fn republish_after_loss(&self, connection: &mut PgConnection) -> Result<(), RelayError> {
        let (now, retention) = (self.clock.now(), self.retention);
        republish::after_loss(connection, &self.bus, self.replicas, retention, now).await
    }

    /// Publishes the oldest events and moves the acknowledged events to the log, after the position `last`.
    /// Returns the new last position.
    async fn publish_window(&self, connection: &mut PgConnection, last: i64) -> Result<i64, RelayError> {
        let rows = sqlx::query!(
            "SELECT sequence, event_id, organisation_id, subject, payload, traceparent
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
            let payload = Bytes::from(row.payload);
            match self.bus.publish_with_headers(row.subject.clone(), headers, payload.clone()).await {
                Ok(ack) => {
                    let (event, organisation, subject) = (row.event_id, row.organisation_id, row.subject);
                    let logged = Logged { event, organisation, subject, payload };
                    acks.push((Acknowledged { sequence: row.sequence, logged }, ack));
                }
                Err(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        let mut acknowledged = Vec::with_capacity(acks.len());
        for (event, ack) in acks {
            match tokio::time::timeout(ACK_TIMEOUT, ack.into_future()).await {
                Ok(Ok(_)) => acknowledged.push(event),
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
        let last = log::append(connection, self.db.trail(), self.clock.now(), last, &acknowledged).await?;
        match failed {
            None => Ok(last),
            Some(cause) => {
                // The stream may be missing, for example on a new disk: create the stream again.
                let _ = self.republish_after_loss(connection).await;
                Err(RelayError::Bus(cause))
            }
        }
    }
}

/// Moves an event that is too large for the bus to the dead letters, so that later events are published.
async fn move_to_dead_letters(
    connection: &mut PgConnection,
    sequence: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH moved AS (
             DELETE FROM outbox WHERE sequence = $1 RETURNING event_id, subject, payload, expires_at
         )
         INSERT INTO dead_letter (consumer, event_id, subject, payload, reason, attempts, died_at, expires_at)
         SELECT $3, event_id, subject, payload, 'too large for the bus', 1, $2, expires_at FROM moved",
        sequence,
        now.to_sqlx() as _,
        dead_letter::RELAY,
    )
    .execute(connection)
    .await?;
    Ok(())
}
