//! Publishes events of the log again: by hand, and by itself when the bus has lost its streams.
//!
//! What consumers had acknowledged is lost with the bus; each consumer's inbox still knows what was handled. So
//! everything that the streams had held is told again, and the inboxes drop what was handled before.

use async_nats::jetstream::Context;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::{
    Db, StoreError,
    event::{Stream, headers},
    housekeeping::RetentionSettings,
    log,
    stream::{self, MadeStream},
};

/// The most events that are published before the first acknowledgement is awaited.
const IN_FLIGHT: i64 = 128;

/// Why the relay or a republish failed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The events before this position are no longer kept.
    #[error("the events before position {0} are no longer kept")]
    Gone(i64),
    /// NATS cannot be reached, refused an event or did not acknowledge an event.
    #[error("the bus failed: {0}")]
    Bus(String),
}

impl From<sqlx::Error> for RelayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl RelayError {
    fn of_bus(error: &impl std::fmt::Display) -> Self {
        Self::Bus(error.to_string())
    }
}

/// Creates the streams that are missing. Where the bus has another stream than this service has seen before, or
/// has only now got a stream although the log has events, the service's events are told again.
pub(crate) async fn after_loss(
    connection: &mut PgConnection,
    bus: &Context,
    replicas: usize,
    retention: RetentionSettings,
    now: Timestamp,
) -> Result<(), RelayError> {
    let made = stream::ensure(bus, replicas).await.map_err(|error| RelayError::of_bus(&error))?;
    let known = sqlx::query!(
        r#"SELECT last, events_made_at AS "events: jiff_sqlx::Timestamp",
             deliveries_made_at AS "deliveries: jiff_sqlx::Timestamp" FROM event_position"#
    )
    .fetch_one(&mut *connection)
    .await?;
    let known_at = [known.events, known.deliveries].map(|at| at.map(jiff_sqlx::Timestamp::to_jiff));
    if known_at == made.map(|stream| Some(stream.made_at)) {
        return Ok(());
    }
    for (stream, (made, known_at)) in
        [Stream::Events, Stream::Deliveries].into_iter().zip(made.into_iter().zip(known_at))
    {
        if known.last > 0 && is_lost(made, known_at) {
            let from = (now - stream.life()).max(retention.events_from(now));
            let count = publish(connection, bus, stream.subjects(), 0, from).await?;
            tracing::warn!(
                stream = stream.name(),
                events = count,
                "the bus had lost a stream: its events are told again"
            );
        }
    }
    let [events, deliveries] = made.map(|stream| stream.made_at.to_sqlx());
    sqlx::query!(
        "UPDATE event_position SET events_made_at = $1, deliveries_made_at = $2",
        events as _,
        deliveries as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a stream is not the stream that this service had published to.
fn is_lost(made: MadeStream, known_at: Option<Timestamp>) -> bool {
    match known_at {
        Some(known_at) => known_at != made.made_at,
        None => made.is_new,
    }
}

/// Publishes the event log from a position on again, for a wiped or new bus. Returns the number of events.
///
/// # Errors
/// When events from this position on are no longer kept, or the database or the bus cannot be reached.
/// Republishing can be repeated without harm.
pub async fn republish(
    db: &Db,
    bus: &Context,
    replicas: usize,
    retention: RetentionSettings,
    now: Timestamp,
    from: i64,
) -> Result<u64, RelayError> {
    stream::ensure(bus, replicas).await.map_err(|error| RelayError::of_bus(&error))?;
    let mut connection = db.connect_as("relay").await?;
    let first = log::first_position(&mut connection).await?;
    if from < first {
        return Err(RelayError::Gone(first));
    }
    publish(&mut connection, bus, "%", from - 1, retention.events_from(now)).await
}

/// Publishes the events after a position that were logged at `from` or later and whose subject has this form.
async fn publish(
    connection: &mut PgConnection,
    bus: &Context,
    subjects: &str,
    after: i64,
    from: Timestamp,
) -> Result<u64, RelayError> {
    let (mut position, mut count) = (after, 0);
    loop {
        let rows = sqlx::query!(
            "SELECT position, event_id, subject, payload, traceparent FROM event_log
             WHERE position > $1 AND payload <> '' AND logged_at >= $2 AND subject LIKE $3
             ORDER BY position LIMIT $4",
            position,
            from.to_sqlx() as _,
            subjects,
            IN_FLIGHT
        )
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { return Ok(count) };
        position = last.position;
        let mut acks = Vec::with_capacity(rows.len());
        for row in rows {
            let headers = headers(row.event_id, &row.traceparent);
            let ack = bus.publish_with_headers(row.subject, headers, row.payload.into()).await;
            acks.push(ack.map_err(|error| RelayError::of_bus(&error))?);
        }
        for ack in acks {
            ack.await.map_err(|error| RelayError::of_bus(&error))?;
            count += 1;
        }
    }
}
