//! Events in: one durable pull consumer per handler; a handler's effect and its inbox mark commit together.

use std::time::Duration;

use async_nats::jetstream::{
    AckKind, Context, Message as BusMessage,
    consumer::{AckPolicy, pull},
};
use chassis::{Clock, Ctx, id::EventId, telemetry};
use futures::{StreamExt, future::BoxFuture};
use prost::{Message, Name};
use prost_types::Any;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Db, Mode, StoreError, Tx,
    dead_letter::{self, DeadLetter},
    event::{Received, Stream},
    stream,
};

/// How many events share one transaction at most.
const BATCH: usize = 100;
/// At this attempt an event that still fails is put aside.
const LAST_ATTEMPT: i64 = 8;

/// How long the bus waits before it gives an event to somebody else: what a process that was killed had in hand.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It may go well later.
    #[error("not now")]
    Again(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It will never go well: the event itself is wrong.
    #[error("never")]
    Never(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Handles one type of event.
pub trait Handler: Send + Sync + 'static {
    /// What it listens to.
    type Message: Message + Name + Default;

    /// Does what follows from the event, within the transaction that marks it as handled.
    fn handle(
        &self,
        tx: &mut Tx,
        event: Received<Self::Message>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Handles whatever comes in on a channel, still packed.
pub trait AnyHandler: Send + Sync + 'static {
    /// Does what follows from the event, within the transaction that marks it as handled.
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>>;

    /// Called after a commit with at least one newly handled event.
    fn committed(&self) {}
}

struct Typed<H>(H);

impl<H: Handler> AnyHandler for Typed<H> {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let event = event.unpack().map_err(|error| HandlerError::Never(Box::new(error)))?;
            self.0.handle(tx, event).await
        })
    }
}

/// A durable consumer and its handler.
pub struct Consumer {
    name: String,
    stream: &'static str,
    filter: String,
    handler: Box<dyn AnyHandler>,
    first_delay: Duration,
}

/// How long an event that failed once waits; each further wait is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(200);

impl Consumer {
    /// Listens to one type of event, as `<service>__<Event>`.
    #[must_use]
    pub fn of_event<H: Handler>(service: &str, handler: H) -> Self {
        Self {
            name: format!("{service}__{}", H::Message::NAME),
            stream: stream::EVENTS,
            filter: Stream::Events.subject(&H::Message::full_name()),
            handler: Box::new(Typed(handler)),
            first_delay: FIRST_DELAY,
        }
    }

    /// Takes all deliveries, as `<service>__deliveries`.
    #[must_use]
    pub fn of_deliveries<H: AnyHandler>(service: &str, handler: H) -> Self {
        Self {
            name: format!("{service}__deliveries"),
            stream: stream::DELIVERIES,
            filter: "delivery.>".to_owned(),
            handler: Box::new(handler),
            first_delay: FIRST_DELAY,
        }
    }

    /// The same, with another first delay after a failure.
    #[must_use]
    pub fn first_delay(self, first_delay: Duration) -> Self {
        Self { first_delay, ..self }
    }

    /// Runs until cancelled; whatever fails is tried again.
    pub async fn run(self, db: Db, clock: Clock, bus: Context, replicas: usize, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let ended = tokio::select! {
                ended = self.consume(&db, &clock, &bus, replicas) => ended,
                () = shutdown.cancelled() => return,
            };
            if let Err(cause) = ended {
                tracing::warn!(consumer = self.name, %cause, "consumer pauses");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// What it is called: `<service>__<Event>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Handles a dead letter again, here and now: its inbox mark is missing as long as it was never handled.
    ///
    /// # Errors
    /// Why it still cannot be handled; it stays dead then.
    pub async fn replay(&self, db: &Db, clock: &Clock, payload: &[u8]) -> Result<(), HandlerError> {
        let event = Received::read(payload).map_err(|error| HandlerError::Never(Box::new(error)))?;
        let id = event.id;
        self.apply(db, clock, vec![event]).await?;
        Ok(dead_letter::remove(db, &self.name, id).await?)
    }

    async fn consume(
        &self,
        db: &Db,
        clock: &Clock,
        bus: &Context,
        replicas: usize,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        stream::ensure(bus, replicas).await?;
        let config = pull::Config {
            durable_name: Some(self.name.clone()),
            filter_subject: self.filter.clone(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: 1000,
            ..pull::Config::default()
        };
        let consumer =
            // Brought up to date where it is there already, as from an older version.
            bus.get_stream_no_info(self.stream).await?.create_consumer(config).await?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .heartbeat(Duration::from_secs(2))
            .expires(Duration::from_secs(15))
            .messages()
            .await?;
        let mut batches = messages.ready_chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let mut decoded = Vec::with_capacity(batch.len());
            for message in batch {
                let message = message?;
                let headers = message.headers.as_ref();
                let traceparent = headers.and_then(|headers| headers.get("traceparent"));
                let traceparent = traceparent.map(|value| value.as_str().to_owned()).unwrap_or_default();
                match Received::read(&message.payload).map(|event| Received { traceparent, ..event }) {
                    Ok(event) => decoded.push((message, event)),
                    Err(error) => {
                        let id = chassis::id::v7(clock.now());
                        self.bury(db, clock, &message, id, &error.to_string()).await?;
                    }
                }
            }
            for group in decoded.chunk_by(|(_, a), (_, b)| a.organisation == b.organisation) {
                self.take(db, clock, group).await?;
            }
        }
        Ok(())
    }

    /// One transaction for all; where it fails, one for each.
    async fn take(
        &self,
        db: &Db,
        clock: &Clock,
        group: &[(BusMessage, Received<Any>)],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if group.len() > 1 {
            let mut events = Vec::with_capacity(group.len());
            for (_, event) in group {
                events.push(event.clone());
            }
            if self.apply(db, clock, events).await.is_ok() {
                for (message, _) in group {
                    message.ack().await?;
                }
                return Ok(());
            }
        }
        for (place, (message, event)) in group.iter().enumerate() {
            let waiting = group.get(place..).unwrap_or_default();
            self.take_one(db, clock, message, event, waiting).await?;
        }
        Ok(())
    }

    async fn take_one(
        &self,
        db: &Db,
        clock: &Clock,
        message: &BusMessage,
        event: &Received<Any>,
        waiting: &[(BusMessage, Received<Any>)],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let applied = self.apply(db, clock, vec![event.clone()]).await;
            let error = match applied {
                Ok(()) => {
                    message.ack().await?;
                    return Ok(());
                }
                Err(error) => error,
            };
            // A database that is away is no fault of the event: it is kept in hand until the database is back, and
            // with it those that wait behind it.
            if matches!(&error, HandlerError::Store(store) if store.is_passing()) {
                for (message, _) in waiting {
                    message.ack_with(AckKind::Progress).await?;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
            let attempt = message.info()?.delivered;
            let reason = chassis::failure::chain(&error);
            if matches!(error, HandlerError::Never(_)) || attempt >= LAST_ATTEMPT {
                return self.bury(db, clock, message, event.id.uuid(), &reason).await;
            }
            tracing::warn!(consumer = self.name, event = %event.id, attempt, reason, "will be tried again");
            let doublings = u32::try_from(attempt.clamp(1, LAST_ATTEMPT)).unwrap_or(1) - 1;
            let delay = self.first_delay * 2_u32.pow(doublings);
            message.ack_with(AckKind::Nak(Some(delay))).await?;
            return Ok(());
        }
    }

    async fn apply(&self, db: &Db, clock: &Clock, events: Vec<Received<Any>>) -> Result<(), HandlerError> {
        let mut open: Option<Tx> = None;
        let mut handled = false;
        for event in events {
            let tx = if let Some(tx) = open.as_mut() {
                tx
            } else {
                let ctx = Ctx {
                    correlation_id: event.correlation_id.clone(),
                    causation_id: event.id.to_string(),
                    ..Ctx::of_service(db.service(), event.organisation, clock.now())
                };
                open.insert(db.in_organisation(&ctx, Mode::Write).await?)
            };
            if mark(tx, &self.name, event.id).await? {
                handled = true;
                let span = tracing::info_span!("handle", otel.kind = "consumer", consumer = self.name);
                telemetry::adopt_traceparent(&span, &event.traceparent);
                self.handler.handle(tx, event).instrument(span).await?;
            }
        }
        if let Some(tx) = open {
            tx.commit().await?;
        }
        if handled {
            self.handler.committed();
        }
        Ok(())
    }

    async fn bury(
        &self,
        db: &Db,
        clock: &Clock,
        message: &BusMessage,
        event: uuid::Uuid,
        reason: &str,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        tracing::error!(consumer = self.name, %event, reason, "put aside as a dead letter");
        let letter = DeadLetter {
            consumer: &self.name,
            event,
            subject: &message.subject,
            payload: &message.payload,
            reason,
            attempts: message.info()?.delivered,
        };
        dead_letter::keep(db, letter, clock.now()).await?;
        message.ack_with(AckKind::Term).await
    }
}

/// Marks an event as handled by a consumer; says whether it is new.
async fn mark(tx: &mut Tx, consumer: &str, event: EventId) -> Result<bool, StoreError> {
    use jiff_sqlx::ToSqlx;
    let now = tx.ctx().now.to_sqlx();
    let marked = sqlx::query!(
        "INSERT INTO inbox (consumer, event_id, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        consumer,
        event.uuid(),
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(marked.rows_affected() == 1)
}
