//! Receives events: one durable pull consumer per handler. A handler's effect and the event's inbox mark
//! commit together, so that each event has its effect once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::jetstream::{
    AckKind, Context, Message as BusMessage,
    consumer::{AckPolicy, pull},
};
use chassis::{Clock, Ctx, contract, id::EventId, telemetry::Trace};
use futures::{StreamExt, future::BoxFuture};
use prost::{Message, Name};
use prost_types::Any;
use proto::event::v1::Event;
use tokio_util::sync::CancellationToken;

use crate::{
    Db, Mode, StoreError, Tx,
    dead_letter::{self, DeadLetter},
    event::{Received, Stream},
    stream,
};

/// The most events that share one transaction.
const BATCH: usize = 100;
/// An event that still fails at this attempt becomes a dead letter.
const LAST_ATTEMPT: i64 = 8;

/// The most events whose failures are counted at the same time.
const MAX_FAILURES: usize = 10_000;
/// After this time without an acknowledgement the bus gives an event to another process: so the events of a
/// killed process are handled too.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// A later attempt may succeed.
    #[error("the event cannot be handled now")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No attempt can succeed: the event itself is wrong.
    #[error("the event can never be handled")]
    Permanent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
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
    /// The type of the event's message.
    type Message: Message + Name + Default;

    /// Applies the effect of the event, in the transaction that also marks the event as handled.
    fn handle(
        &self,
        tx: &mut Tx,
        event: Received<Self::Message>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Handles every event that a consumer receives, its message still packed.
pub trait AnyHandler: Send + Sync + 'static {
    /// Applies the effect of the event, in the transaction that also marks the event as handled.
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>>;

    /// Called after each commit that marks at least one event as handled.
    fn after_commit(&self) {}
}

struct Typed<H>(H);

impl<H: Handler> AnyHandler for Typed<H> {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let event = event.unpack().map_err(|error| HandlerError::Permanent(Box::new(error)))?;
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
    /// How often this process tried each event that is not handled yet, and failed. The bus counts deliveries, which
    /// also rise while an event waits behind others during an outage.
    failures: Mutex<HashMap<EventId, i64>>,
}

/// The wait before the second attempt at an event; each further wait is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(200);

impl Consumer {
    /// Consumes one type of event. The consumer is named `<service>__<Event>`.
    #[must_use]
    pub fn of_event<H: Handler>(service: &str, handler: H) -> Self {
        Self {
            name: format!("{service}__{}", H::Message::NAME),
            stream: Stream::Events.name(),
            filter: Stream::Events.subject(&H::Message::full_name()),
            handler: Box::new(Typed(handler)),
            first_delay: FIRST_DELAY,
            failures: Mutex::default(),
        }
    }

    /// Consumes all deliveries. The consumer is named `<service>__deliveries`.
    #[must_use]
    pub fn of_deliveries<H: AnyHandler>(service: &str, handler: H) -> Self {
        Self {
            name: format!("{service}__deliveries"),
            stream: Stream::Deliveries.name(),
            filter: "delivery.>".to_owned(),
            handler: Box::new(handler),
            first_delay: FIRST_DELAY,
            failures: Mutex::default(),
        }
    }

    /// Sets the wait before the second attempt at an event.
    #[must_use]
    pub fn first_delay(self, first_delay: Duration) -> Self {
        Self { first_delay, ..self }
    }

    /// Runs until `shutdown`. After a failure the consumer pauses and connects again.
    pub async fn run(self, db: Db, clock: Clock, bus: Context, replicas: usize, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let ended = tokio::select! {
                ended = self.consume(&db, &clock, &bus, replicas) => ended,
                () = shutdown.cancelled() => return,
            };
            if let Err(cause) = ended {
                tracing::warn!(consumer = self.name, %cause, "the consumer failed and pauses");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<EventId, i64>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The consumer's name: `<service>__<Event>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Handles a dead letter again, in this process. The inbox has no mark for the event,
    /// because only a successful handler sets the mark.
    ///
    /// # Errors
    /// When the event still cannot be handled: its dead letter stays.
    pub async fn replay(&self, db: &Db, clock: &Clock, payload: &[u8]) -> Result<(), HandlerError> {
        let event = Received::read(payload).map_err(|error| HandlerError::Permanent(Box::new(error)))?;
        let id = event.id;
        self.handle_together(db, clock, vec![event]).await?;
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
            // Updates the settings of a consumer that an older version created.
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
                        self.move_to_dead_letters(db, clock, &message, id, &error.to_string(), 1).await?;
                    }
                }
            }
            for group in decoded.chunk_by(|(_, a), (_, b)| a.organisation == b.organisation) {
                self.handle_group(db, clock, group).await?;
            }
        }
        Ok(())
    }

    /// Handles events of one organisation in one transaction; if that fails, one transaction per event.
    async fn handle_group(
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
            if self.handle_together(db, clock, events).await.is_ok() {
                for (message, _) in group {
                    message.ack().await?;
                }
                return Ok(());
            }
        }
        for (index, (message, event)) in group.iter().enumerate() {
            let unhandled = group.get(index..).unwrap_or_default();
            self.handle_alone(db, clock, message, event, unhandled).await?;
        }
        Ok(())
    }

    async fn handle_alone(
        &self,
        db: &Db,
        clock: &Clock,
        message: &BusMessage,
        event: &Received<Any>,
        unhandled: &[(BusMessage, Received<Any>)],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let handled = self.handle_together(db, clock, vec![event.clone()]).await;
            let error = match handled {
                Ok(()) => {
                    self.failures().remove(&event.id);
                    message.ack().await?;
                    return Ok(());
                }
                Err(error) => error,
            };
            // The event is not at fault if the database cannot be reached. Wait for the database, and tell
            // the bus meanwhile that this event and those behind it are in progress.
            if matches!(&error, HandlerError::Store(store) if store.is_transient() && !store.took_too_long())
            {
                for (message, _) in unhandled {
                    message.ack_with(AckKind::Progress).await?;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
            let attempt = {
                let mut failures = self.failures();
                // Events that another process handled stay here.
                if failures.len() > MAX_FAILURES {
                    failures.clear();
                }
                let attempt = failures.entry(event.id).or_default();
                *attempt += 1;
                *attempt
            };
            let reason = chassis::failure::chain(&error);
            if matches!(error, HandlerError::Permanent(_)) || attempt >= LAST_ATTEMPT {
                self.failures().remove(&event.id);
                let id = event.id.uuid();
                return self.move_to_dead_letters(db, clock, message, id, &reason, attempt).await;
            }
            tracing::warn!(consumer = self.name, event = %event.id, attempt, reason, "event will be retried");
            let doublings = u32::try_from(attempt.clamp(1, LAST_ATTEMPT)).unwrap_or(1) - 1;
            let delay = self.first_delay * 2_u32.pow(doublings);
            message.ack_with(AckKind::Nak(Some(delay))).await?;
            return Ok(());
        }
    }

    /// Handles events of one organisation in one transaction, except those that the inbox marks as handled.
    async fn handle_together(
        &self,
        db: &Db,
        clock: &Clock,
        events: Vec<Received<Any>>,
    ) -> Result<(), HandlerError> {
        let mut open: Option<Tx> = None;
        let mut any_handled = false;
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
            if mark_handled(tx, &self.name, event.id).await? {
                any_handled = true;
                let trace = Trace::of_traceparent(&event.traceparent).named(&*self.name);
                let span =
                    |name: &str| tracing::info_span!("handle", otel.kind = "consumer", consumer = name);
                trace.run(span, self.handler.handle(tx, event)).await?;
            }
        }
        if let Some(tx) = open {
            tx.commit().await?;
        }
        if any_handled {
            self.handler.after_commit();
        }
        Ok(())
    }

    async fn move_to_dead_letters(
        &self,
        db: &Db,
        clock: &Clock,
        message: &BusMessage,
        event: uuid::Uuid,
        reason: &str,
        attempts: i64,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        tracing::error!(consumer = self.name, %event, reason, "the event is moved to the dead letters");
        let letter = DeadLetter {
            consumer: &self.name,
            event,
            subject: &message.subject,
            payload: &message.payload,
            reason,
            attempts,
            expires_at: Event::decode(message.payload.clone())
                .ok()
                .and_then(|event| contract::expires_at(event.data.as_ref()?)),
        };
        dead_letter::insert(db, letter, clock.now()).await?;
        message.ack_with(AckKind::Term).await
    }
}

/// Marks an event as handled by a consumer. Returns `false` if the event was marked before.
async fn mark_handled(tx: &mut Tx, consumer: &str, event: EventId) -> Result<bool, StoreError> {
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
