//! A small service around the suite: it tells of aggregates and writes down what it hears.

use std::{sync::LazyLock, time::Duration};

use async_nats::jetstream::consumer::PullConsumer;
use chassis::{Clock, Ctx};
use proto::dossier::v1::ReportAdded;
use sqlx::migrate::Migrator;
use store::{
    About, Db, Mode, Tx,
    consumer::{Consumer, Handler, HandlerError},
    event::Received,
    relay::Relay,
};
use testkit::{Bus, caller, monday_morning, postgres::Database};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

pub static NO_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| Migrator::with_migrations(Vec::new()));

pub const SERVICE: &str = "store";

/// How long anything that must happen may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Database, bus, relay; and a table where the handler writes what it heard.
pub struct Suite {
    pub bus: Bus,
    pub database: Database,
    pub db: Db,
    pub clock: Clock,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Suite {
    /// With a relay at work.
    pub async fn start() -> Self {
        let suite = Self::quiet().await;
        suite.start_relay().await;
        suite
    }

    /// Without a relay: what is told stays in the outbox.
    pub async fn quiet() -> Self {
        let bus = Bus::start();
        let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
        sqlx::raw_sql(
            "CREATE TABLE heard (
                 sequence bigint GENERATED ALWAYS AS IDENTITY,
                 aggregate uuid, version bigint, event uuid);
             GRANT SELECT, INSERT ON heard TO store_app",
        )
        .execute(&mut database.behind().await)
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

    /// Starts a relay; to abort its task is to kill it.
    pub async fn start_relay(&self) -> JoinHandle<()> {
        let relay = Relay::new(self.db.clone(), self.clock.clone(), self.bus.context().await, 1);
        tokio::spawn(relay.run(self.stop.clone()))
    }

    /// Starts a consumer; every event that it has handled comes out of the channel.
    pub async fn listen(&self, mood: Mood) -> Ears {
        let (consumer, heard) = Self::consumer(mood);
        Ears { heard, task: self.run(consumer).await }
    }

    /// Runs a consumer; to abort its task is to kill it.
    pub async fn run(&self, consumer: Consumer) -> JoinHandle<()> {
        let bus = self.bus.context().await;
        tokio::spawn(consumer.run(self.db.clone(), self.clock.clone(), bus, 1, self.stop.clone()))
    }

    /// How many messages a stream holds.
    pub async fn messages(&self, stream: &str) -> u64 {
        let context = self.bus.context().await;
        match context.get_stream(stream).await {
            Ok(mut stream) => stream.info().await.map_or(0, |info| info.state.messages),
            Err(_) => 0,
        }
    }

    /// Waits until a stream holds so many messages.
    pub async fn until_messages(&self, stream: &str, count: u64) {
        let reached = async { while self.messages(stream).await != count {} };
        tokio::time::timeout(PATIENCE, reached)
            .await
            .unwrap_or_else(|_| panic!("{stream} never held {count}"));
    }

    /// Waits until so many replicas of a consumer ask the bus for more.
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
        tokio::time::timeout(PATIENCE, reached).await.unwrap();
    }

    /// Ends every session of a role, as a crash of its process does; waits until they are gone.
    pub async fn end_sessions(&self) {
        let mut behind = self.database.behind().await;
        let reached = async {
            loop {
                let ended: i64 = sqlx::query_scalar(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND usename = 'store_login'",
                )
                .fetch_one(&mut behind)
                .await
                .unwrap();
                if ended == 0 {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.unwrap();
    }

    /// A consumer that was not started.
    pub fn consumer(mood: Mood) -> (Consumer, mpsc::UnboundedReceiver<(Uuid, i64)>) {
        let (heard, ears) = mpsc::unbounded_channel();
        let consumer = Consumer::of_event(SERVICE, WriteDown { heard, mood });
        (consumer.first_delay(Duration::from_millis(1)), ears)
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::of_service(SERVICE, caller::organisation(1), self.clock.now())
    }

    /// Tells of one change, in a transaction of its own.
    pub async fn tell(&self, aggregate: Uuid, version: i64) {
        let mut tx = self.db.in_organisation(&self.ctx(), Mode::Write).await.unwrap();
        let message = ReportAdded { report_id: aggregate.to_string() };
        tx.emit(About::new(aggregate, version), &message).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// All that was heard, in the order of the handler's commits.
    pub async fn heard(&self) -> Vec<(Uuid, i64)> {
        sqlx::query_as("SELECT aggregate, version FROM heard ORDER BY sequence")
            .fetch_all(&mut self.database.behind().await)
            .await
            .unwrap()
    }

    /// Counts rows of a table, behind the rules.
    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut self.database.behind().await)
            .await
            .unwrap()
    }

    /// Waits until a table has so many rows.
    pub async fn until_count(&self, table: &str, count: i64) {
        tokio::time::timeout(PATIENCE, async {
            while self.count(table).await != count {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{table} never had {count} rows"));
    }
}

/// A consumer that runs, and what it has handled, also what did not stand.
pub struct Ears {
    pub heard: mpsc::UnboundedReceiver<(Uuid, i64)>,
    pub task: JoinHandle<()>,
}

/// How a handler behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// All goes well.
    Well,
    /// Whatever is about this aggregate fails, every time.
    FailsOn(Uuid),
}

struct WriteDown {
    heard: mpsc::UnboundedSender<(Uuid, i64)>,
    mood: Mood,
}

impl Handler for WriteDown {
    type Message = ReportAdded;

    async fn handle(&self, tx: &mut Tx, event: Received<ReportAdded>) -> Result<(), HandlerError> {
        sqlx::query("INSERT INTO heard (aggregate, version, event) VALUES ($1, $2, $3)")
            .bind(event.aggregate)
            .bind(event.version)
            .bind(event.id.uuid())
            .execute(tx.connection())
            .await?;
        let _ = self.heard.send((event.aggregate, event.version));
        if self.mood == Mood::FailsOn(event.aggregate) {
            return Err(HandlerError::Again("it fails every time".into()));
        }
        Ok(())
    }
}
