//! How every service starts: settings, safety checks, and the tasks that run beside its RPCs.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use chassis::{
    Clock,
    access::{AccessLayer, Rules},
    config::{Environment, ProcessSettings},
    id::EventId,
    keys::Keys,
    seal::SealKeys,
    server::{Health, Listener},
    shutdown, telemetry,
};
use clap::{Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use proto::event::v1::{audit_service_server::AuditServiceServer, event_feed_server::EventFeedServer};
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::layer::util::Stack;

use crate::{
    Db,
    audit::{self, Audit, AuditLayer, AuditRpc},
    consumer::Consumer,
    db::PostgresSettings,
    dead_letter,
    due::{DueLoop, DueWork, Wake},
    feed::Feed,
    housekeeping::RetentionSettings,
    migrate,
    relay::Relay,
    republish::republish,
    revocation::EndStreams,
    stream::{self, NatsSettings},
};

/// How often a service that is ready asks whether the trail takes records.
const PROBE: SignedDuration = SignedDuration::from_secs(15);
/// How long the tasks beside the RPCs may take to end after the last RPC (OPS-02: 25 s for the whole process).
const TASKS_GRACE: Duration = Duration::from_secs(11);

/// Any error that keeps a process from starting.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One service of the portal.
pub trait Service: 'static {
    /// The service's name: for its database, keys, bus user and health check.
    const NAME: &'static str;
    /// The text of the service's `config.default.toml`.
    const DEFAULTS: &'static str;
    /// The settings that only this service has.
    type Settings: DeserializeOwned;

    /// The service's own migrations.
    fn migrator() -> &'static Migrator;

    /// Builds the service.
    ///
    /// # Errors
    /// When a setting or a key cannot be used.
    fn build(parts: Parts, settings: Self::Settings) -> Result<Built, BoxError>;

    /// Reads stored content again and stores what the service lists it by, after a change of the rules. Gives the number
    /// of rows that changed. A service without such content does nothing.
    ///
    /// # Errors
    /// When the database cannot be reached or content cannot be read.
    #[must_use]
    fn reindex(_db: Db, _now: Timestamp) -> impl Future<Output = Result<u64, BoxError>> + Send {
        async { Ok(0) }
    }
}

/// The shared parts that a service is built from. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock of the process.
    pub clock: Clock,
    /// The keys that seal messages to other services and open messages to this service.
    pub seal: SealKeys,
    /// The audit trail.
    pub audit: Audit,
    /// The keys of the process.
    pub keys: Keys,
    /// Makes the loops of due work look at once.
    pub wake: Wake,
}

/// A service that is ready to run.
pub struct Built {
    /// The service's RPCs.
    pub routes: Routes,
    /// The consumers of the events that the service handles.
    pub consumers: Vec<Consumer>,
    /// The service's due work.
    pub due: Vec<Box<dyn DueWork>>,
}

/// All settings of a service: those of every process, those of its stores, and its own.
#[derive(Deserialize)]
struct Settings<S> {
    #[serde(flatten)]
    process: ProcessSettings,
    postgres: PostgresSettings,
    nats: NatsSettings,
    retention: RetentionSettings,
    #[serde(flatten)]
    own: S,
}

#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The operator's settings file; a setting that is not in the file has its default.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. The default.
    Serve,
    /// Apply all missing migrations; run as the database's owner.
    Migrate,
    /// Publish the event log again, on a wiped or new bus.
    Republish {
        /// The first position of the event log to publish.
        #[arg(long)]
        from: i64,
    },
    /// Export a month of the audit trail and remove it, at least five years after its end; run as the database's
    /// owner.
    ExportAudit {
        /// The month, as YYYY-MM.
        #[arg(long)]
        month: String,
        /// The file to write: one record per line, as JSON. It must not exist.
        #[arg(long)]
        file: PathBuf,
    },
    /// Read stored content again and store what it is listed by, after a change of the rules.
    Reindex,
    /// Handle the dead letters of an event again, in this process.
    Replay {
        /// The event's id.
        event_id: EventId,
    },
}

/// The `main` of every service.
#[must_use]
pub fn main<S: Service>() -> ExitCode {
    let cli = Cli::parse();
    match run::<S>(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Logs may not work yet when a start fails: print the cause as one line.
            eprintln!("{}: {}", S::NAME, chassis::failure::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run<S: Service>(cli: &Cli) -> Result<(), BoxError> {
    let settings: Settings<S::Settings> = chassis::config::load(S::DEFAULTS, cli.config.as_ref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.process.worker_threads)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let _telemetry = telemetry::init(S::NAME, &settings.process.telemetry)?;
        match &cli.command {
            None | Some(Command::Serve) => serve::<S>(settings).await,
            Some(Command::Migrate) => Ok(migrate::run(&settings.postgres.options()?, S::migrator()).await?),
            Some(Command::Republish { from }) => {
                let bus = stream::jetstream(settings.nats.connect(S::NAME).await?);
                let (replicas, retention) = (settings.nats.replicas, settings.retention);
                let (parts, _) = parts::<S>(settings)?;
                let count = republish(&parts.db, &bus, replicas, retention, parts.clock.now(), *from).await?;
                tracing::info!(count, "republished");
                Ok(())
            }
            Some(Command::ExportAudit { month, file }) => {
                let (keys, clock) =
                    (Keys::open(settings.process.keys.clone(), S::NAME)?, settings.process.clock()?);
                let options = settings.postgres.options()?;
                let records = audit::export_month(&options, &keys.trail()?, month, clock.now(), file).await?;
                tracing::info!(records, month, "the month was exported and has left the trail");
                Ok(())
            }
            Some(Command::Reindex) => {
                let (parts, _) = parts::<S>(settings)?;
                let changed = S::reindex(parts.db, parts.clock.now()).await?;
                tracing::info!(changed, "the content was read again");
                Ok(())
            }
            Some(Command::Replay { event_id }) => replay::<S>(settings, *event_id).await,
        }
    })
}

/// Handles the dead letters of an event again, in this process: the bus is not needed. An event that the relay could not
/// publish goes back to the outbox.
async fn replay<S: Service>(settings: Settings<S::Settings>, event: EventId) -> Result<(), BoxError> {
    let (parts, own) = parts::<S>(settings)?;
    let (db, clock) = (parts.db.clone(), parts.clock.clone());
    let consumers = with_common_consumers(S::NAME, S::build(parts, own)?.consumers);
    let letters = dead_letter::find(&db, event).await?;
    if letters.is_empty() {
        return Err(format!("{} has no dead letter of the event {event}", S::NAME).into());
    }
    for letter in letters {
        let name = &letter.consumer;
        if name == dead_letter::RELAY {
            dead_letter::publish_again(&db, event, &letter).await?;
            tracing::info!(%event, "the event is in the outbox again");
            continue;
        }
        let consumer = consumers.iter().find(|known| known.name() == name);
        let consumer = consumer.ok_or_else(|| format!("{} has no consumer {name}", S::NAME))?;
        consumer.replay(&db, &clock, &letter.payload).await?;
        tracing::info!(consumer = name, %event, "the dead letter is handled");
    }
    Ok(())
}

/// Makes the parts of a service from its settings. Also returns the service's own settings.
fn parts<S: Service>(settings: Settings<S::Settings>) -> Result<(Parts, S::Settings), BoxError> {
    let keys = Keys::open(settings.process.keys.clone(), S::NAME)?;
    let (db, seal) = (Db::open(S::NAME, &settings.postgres, keys.trail()?)?, keys.seal()?);
    let clock = settings.process.clock()?;
    let parts = Parts {
        audit: Audit::start(db.clone(), clock.clone(), seal.clone(), settings.retention),
        clock,
        seal,
        keys,
        wake: Wake::default(),
        db,
    };
    Ok((parts, settings.own))
}

async fn serve<S: Service>(settings: Settings<S::Settings>) -> Result<(), BoxError> {
    let listener = Listener::bind(settings.process.listen).await?;
    let shutdown = shutdown::on_signal()?;
    let nats = settings.nats.clone();
    let bus = stream::jetstream(nats.connect(S::NAME).await?);
    let environment = settings.process.environment;
    let retention = settings.retention;
    let (parts, own) = parts::<S>(settings)?;
    let (db, clock) = (parts.db.clone(), parts.clock.clone());
    if environment == Environment::Production {
        db.check_safety().await?;
    }
    let built = S::build(parts.clone(), own)?;
    let rules = Arc::new(Rules::of_contract()?);
    let layers = layers(parts.audit.clone(), AccessLayer::new(rules, parts.keys.verifier(), clock.clone()));
    let (routes, health) = chassis::server::with_health(
        common_routes(built.routes, &db, &clock),
        environment != Environment::Production,
    );

    let replicas = nats.replicas;
    let tasks = tokio_util::task::TaskTracker::new();
    let relay = Relay::new(db.clone(), clock.clone(), bus.clone(), replicas, retention);
    tasks.spawn(relay.run(shutdown.clone()));
    let consumers = with_common_consumers(S::NAME, built.consumers);
    let due = DueLoop {
        db: db.clone(),
        clock: clock.clone(),
        audit: parts.audit.clone(),
        retention,
        consumers: consumers.iter().map(|consumer| consumer.name().to_owned()).collect(),
        works: built.due,
        wake: parts.wake,
    };
    tasks.spawn(due.run(shutdown.clone()));
    for consumer in consumers {
        tasks.spawn(consumer.run(db.clone(), clock.clone(), bus.clone(), replicas, shutdown.clone()));
    }
    tasks.spawn(parts.keys.watch(shutdown.clone()));
    tasks.spawn(report_readiness(S::NAME, db, clock, health, shutdown.clone()));
    tasks.close();
    tracing::info!(listen = %listener.address()?, "serving");
    listener.serve(routes, layers, shutdown).await?;
    let _ = tokio::time::timeout(TASKS_GRACE, tasks.wait()).await;
    // What cannot be told now is told by the next process.
    let _ = parts.audit.tell().await;
    Ok(())
}

/// Reports each second whether the service is ready: the database answers and the trail takes records. Without the bus,
/// events wait in the outbox (OPS-01).
async fn report_readiness(
    service: &'static str,
    db: Db,
    clock: Clock,
    health: Health,
    stop: CancellationToken,
) {
    let (mut takes_records, mut asked_at) = (false, clock.now());
    while !stop.is_cancelled() {
        let now = clock.now();
        if !takes_records || now.duration_since(asked_at) >= PROBE {
            takes_records = audit::takes_records(&db, now).await;
            asked_at = now;
        }
        health.report(service, takes_records && db.answers().await).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), stop.cancelled()).await;
    }
    health.report(service, false).await;
}

/// The audit layer lies outside of the access layer, so that refused calls leave a record too.
#[must_use]
pub const fn layers(audit: Audit, access: AccessLayer) -> Stack<AccessLayer, AuditLayer> {
    Stack::new(access, AuditLayer::new(audit))
}

/// Adds the RPCs that every service has.
#[must_use]
pub fn common_routes(routes: Routes, db: &Db, clock: &Clock) -> Routes {
    routes
        .add_service(EventFeedServer::new(Feed::new(db.clone(), clock.clone())))
        .add_service(AuditServiceServer::new(AuditRpc::new(db.clone())))
}

/// Adds the consumers that every service has.
#[must_use]
pub fn with_common_consumers(service: &str, mut consumers: Vec<Consumer>) -> Vec<Consumer> {
    consumers.push(Consumer::of_event(service, EndStreams));
    consumers
}
