//! A small service for the suite: emits events about aggregates and records the events that it handles.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::jetstream::consumer::PullConsumer;
use chassis::{Clock, Ctx};
use proto::dossier::v1::RecordAdded;
use sqlx::migrate::Migrator;
use store::{
    About, Db, Mode, Tx,
    consumer::{Consumer, Handler, HandlerError},
    event::Received,
    housekeeping::RetentionSettings,
    relay::Relay,
    republish::{RelayError, republish},
};
use testkit::{Bus, caller, monday_morning, postgres::Database};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

pub static NO_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| Migrator::with_migrations(Vec::new()));

pub const SERVICE: &str = "store";

/// How long a test waits for a result before the test fails.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A database, a bus and a relay. The handler records each event in the table `handled`.
pub struct Suite {
    pub bus: Bus,
    pub database: Database,
    pub db: Db,
    pub clock: Clock,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Suite {
    /// Starts the suite with a relay.
    pub async fn start() -> Self {
        let suite = Self::without_relay().await;
        suite.start_relay().await;
        suite
    }

    /// Starts the suite without a relay: events stay in the outbox.
    pub async fn without_relay() -> Self {
        let bus = Bus::start();
        let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
        sqlx::raw_sql(
            "CREATE TABLE handled (
                 sequence bigint GENERATED ALWAYS AS IDENTITY,
                 aggregate uuid, version bigint, event uuid);
             GRANT SELECT, INSERT ON handled TO store_app",
        )
        .execute(&mut database.as_superuser().await)
        .await
        .unwrap();
        let db = database.db(SERVICE);
        let stop = CancellationToken::new();
        Self {
            bus,
            db,
            database,
            clock: Clock::fixed(monday_morning()),
            _guard: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Starts a relay. Aborting the task kills the relay.
    pub async fn start_relay(&self) -> JoinHandle<()> {
        let relay = Relay::new(
            self.db.clone(),
            self.clock.clone(),
            self.bus.context().await,
            1,
            RetentionSettings::default(),
        );
        tokio::spawn(relay.run(self.stop.clone()))
    }

    /// Publishes the event log from a position on again.
    pub async fn republish(&self, from: i64) -> Result<u64, RelayError> {
        let (bus, retention) = (self.bus.context().await, RetentionSettings::default());
        republish(&self.db, &bus, 1, retention, self.clock.now(), from).await
    }

    /// Starts a consumer whose handler behaves as given.
    pub async fn start_consumer(&self, behaviour: Behaviour) -> RunningConsumer {
        let (consumer, handled) = Self::consumer(behaviour);
        RunningConsumer { handled, task: self.run_consumer(consumer).await }
    }

    /// Runs a consumer. Aborting the task kills the consumer.
    pub async fn run_consumer(&self, consumer: Consumer) -> JoinHandle<()> {
        let bus = self.bus.context().await;
        tokio::spawn(consumer.run(self.db.clone(), self.clock.clone(), bus, 1, self.stop.clone()))
    }

    /// The number of messages in a stream.
    pub async fn count_messages(&self, stream: &str) -> u64 {
        let context = self.bus.context().await;
        match context.get_stream(stream).await {
            Ok(mut stream) => stream.info().await.map_or(0, |info| info.state.messages),
            Err(_) => 0,
        }
    }

    /// Waits until a stream holds a number of messages.
    pub async fn until_messages(&self, stream: &str, count: u64) {
        let reached = async { while self.count_messages(stream).await != count {} };
        tokio::time::timeout(TEST_TIMEOUT, reached)
            .await
            .unwrap_or_else(|_| panic!("{stream} never held {count}"));
    }

    /// Waits until a number of replicas of a consumer ask the bus for events.
    pub async fn until_pulled_by(&self, consumer: &str, replicas: usize) {
        let context = self.bus.context().await;
        let reached = async {
            loop {
                let found: Result<PullConsumer, _> =
                    context.get_consumer_from_stream(consumer, "EVENTS").await;
                if let Ok(mut found) = found
                    && found.info().await.is_ok_and(|info| info.num_waiting >= replicas)
                {
                    return;
                }
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, reached).await.unwrap();
    }

    /// Ends all database sessions of the service, as a crash does; waits until they are gone.
    pub async fn end_sessions(&self) {
        let mut superuser = self.database.as_superuser().await;
        let reached = async {
            loop {
                let ended: i64 = sqlx::query_scalar(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND usename = 'store_login'",
                )
                .fetch_one(&mut superuser)
                .await
                .unwrap();
                if ended == 0 {
                    return;
                }
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, reached).await.unwrap();
    }

    /// A consumer that is not started, and the channel of the events that its handler saw.
    pub fn consumer(behaviour: Behaviour) -> (Consumer, mpsc::UnboundedReceiver<(Uuid, i64)>) {
        let (sender, handled) = mpsc::unbounded_channel();
        let consumer = Consumer::of_event(
            SERVICE,
            RecordingHandler { handled: sender, behaviour, has_failed: AtomicBool::new(false) },
        );
        (consumer.first_delay(Duration::from_millis(1)), handled)
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::of_service(SERVICE, caller::organisation(1), self.clock.now())
    }

    /// Emits one event, in a transaction of its own.
    pub async fn emit(&self, aggregate: Uuid, version: i64) {
        let mut tx = self.db.in_organisation(&self.ctx(), Mode::Write).await.unwrap();
        let message = RecordAdded { record_id: aggregate.to_string(), section: 1 };
        tx.emit(About::new(aggregate, version), &message).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The aggregates and versions of all handled events, in the order of the handler's commits.
    pub async fn handled(&self) -> Vec<(Uuid, i64)> {
        sqlx::query_as("SELECT aggregate, version FROM handled ORDER BY sequence")
            .fetch_all(&mut self.database.as_superuser().await)
            .await
            .unwrap()
    }

    /// The number of rows of a table, of all organisations.
    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut self.database.as_superuser().await)
            .await
            .unwrap()
    }

    /// Waits until a table has a number of rows.
    pub async fn until_count(&self, table: &str, count: i64) {
        tokio::time::timeout(TEST_TIMEOUT, async {
            while self.count(table).await != count {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{table} never had {count} rows"));
    }
}

/// A running consumer. The channel gives each event that the handler saw, also if the transaction was rolled
/// back.
pub struct RunningConsumer {
    pub handled: mpsc::UnboundedReceiver<(Uuid, i64)>,
    pub task: JoinHandle<()>,
}

/// How a handler behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// The handler succeeds.
    Succeeds,
    /// The handler fails on every event about this aggregate.
    FailsOn(Uuid),
    /// The handler fails on the first event that comes, once.
    FailsOnce,
}

struct RecordingHandler {
    handled: mpsc::UnboundedSender<(Uuid, i64)>,
    behaviour: Behaviour,
    has_failed: AtomicBool,
}

impl Handler for RecordingHandler {
    type Message = RecordAdded;

    async fn handle(&self, tx: &mut Tx, event: Received<RecordAdded>) -> Result<(), HandlerError> {
        sqlx::query("INSERT INTO handled (aggregate, version, event) VALUES ($1, $2, $3)")
            .bind(event.aggregate)
            .bind(event.version)
            .bind(event.id.uuid())
            .execute(tx.connection())
            .await?;
        let _ = self.handled.send((event.aggregate, event.version));
        if self.behaviour == Behaviour::FailsOn(event.aggregate) {
            return Err(HandlerError::Retry("it fails every time".into()));
        }
        if self.behaviour == Behaviour::FailsOnce && !self.has_failed.swap(true, Ordering::SeqCst) {
            return Err(HandlerError::Retry("it fails once".into()));
        }
        Ok(())
    }
}
