//! How a service starts: settings, safety checks, and what runs beside its RPCs. All services start this way.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use chassis::{
    Clock,
    access::{AccessLayer, Rules},
    config::{Environment, ProcessSettings},
    id::EventId,
    keys::KeySettings,
    seal::SealKeys,
    server::Bound,
    shutdown, telemetry,
};
use clap::{Parser, Subcommand};
use proto::event::v1::{audit_service_server::AuditServiceServer, event_feed_server::EventFeedServer};
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::migrate::Migrator;
use tokio::sync::Notify;
use tonic::service::Routes;
use tower::layer::util::Stack;

use crate::{
    Db,
    audit::{Audit, AuditLayer, AuditRpc},
    consumer::Consumer,
    db::PostgresSettings,
    dead_letter,
    due::{self, DueWork},
    feed::Feed,
    migrate,
    relay::{self, Relay},
    stream::{self, NatsSettings},
};

/// Whatever can keep a process from starting.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One service.
pub trait Service: 'static {
    /// Its name: of the database, the keys, the bus user and the health check.
    const NAME: &'static str;
    /// Its `config.default.toml`.
    const DEFAULTS: &'static str;
    /// Its own settings, beside those that every service has.
    type Settings: DeserializeOwned;

    /// Its migrations.
    fn migrator() -> &'static Migrator;

    /// Puts it together.
    ///
    /// # Errors
    /// When a setting or key cannot be used.
    fn build(parts: Parts, settings: Self::Settings) -> Result<Built, BoxError>;
}

/// What a service is made from. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Keys to seal and open.
    pub seal: SealKeys,
    /// The audit trail.
    pub audit: Audit,
    /// Where the key files are.
    pub keys: KeySettings,
    /// Makes due work look at once.
    pub wake: Arc<Notify>,
}

/// A service, put together.
pub struct Built {
    /// Its RPCs.
    pub routes: Routes,
    /// What it listens to.
    pub consumers: Vec<Consumer>,
    /// Its due work.
    pub due: Vec<Box<dyn DueWork>>,
}

/// Settings of a service: those of every process, of its stores, and its own.
#[derive(Deserialize)]
struct Settings<S> {
    #[serde(flatten)]
    process: ProcessSettings,
    postgres: PostgresSettings,
    nats: NatsSettings,
    #[serde(flatten)]
    own: S,
}

#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The operator's settings; what is not there has its default.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. The default.
    Serve,
    /// Bring the database up to date; run as the database's owner.
    Migrate,
    /// Put published events back on a wiped or new bus.
    Republish {
        /// The first position to publish.
        #[arg(long)]
        from: i64,
    },
    /// Put a dead letter back on the bus.
    Replay {
        /// The event.
        event_id: EventId,
    },
}

/// The whole of a service's `main`.
#[must_use]
pub fn main<S: Service>() -> ExitCode {
    let cli = Cli::parse();
    match run::<S>(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last word of a process that cannot start: one line, before or instead of the logs.
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
                let replicas = settings.nats.replicas;
                let (parts, _) = parts::<S>(settings)?;
                let count = relay::republish(&parts.db, &bus, replicas, *from).await?;
                tracing::info!(count, "republished");
                Ok(())
            }
            Some(Command::Replay { event_id }) => replay::<S>(settings, *event_id).await,
        }
    })
}

/// Hands a dead letter to its handler again, in this process: it needs no bus.
async fn replay<S: Service>(settings: Settings<S::Settings>, event: EventId) -> Result<(), BoxError> {
    let (parts, own) = parts::<S>(settings)?;
    let (db, clock) = (parts.db.clone(), parts.clock.clone());
    let built = S::build(parts, own)?;
    for letter in dead_letter::find(&db, event).await? {
        if let Some(consumer) = built.consumers.iter().find(|known| known.name() == letter.consumer) {
            consumer.replay(&db, &clock, &letter.payload).await?;
            tracing::info!(consumer = letter.consumer, %event, "handled after all");
        }
    }
    Ok(())
}

/// What a service is made from, by its settings.
fn parts<S: Service>(settings: Settings<S::Settings>) -> Result<(Parts, S::Settings), BoxError> {
    let db = Db::new(S::NAME, settings.postgres.options()?, settings.postgres.max_connections);
    let seal = settings.process.keys.seal(S::NAME)?;
    let parts = Parts {
        audit: Audit::start(db.clone(), seal.clone()),
        clock: settings.process.clock()?,
        seal,
        keys: settings.process.keys,
        wake: Arc::new(Notify::new()),
        db,
    };
    Ok((parts, settings.own))
}

async fn serve<S: Service>(settings: Settings<S::Settings>) -> Result<(), BoxError> {
    let bound = Bound::bind(settings.process.listen).await?;
    let shutdown = shutdown::on_signal()?;
    let nats = settings.nats.clone();
    let bus = stream::jetstream(nats.connect(S::NAME).await?);
    let environment = settings.process.environment;
    let verifier = settings.process.keys.verifier()?;
    let (parts, own) = parts::<S>(settings)?;
    let (db, clock) = (parts.db.clone(), parts.clock.clone());
    if environment == Environment::Production {
        db.check_safety().await?;
    }
    let built = S::build(parts.clone(), own)?;
    let rules = Arc::new(Rules::of_contract()?);
    let layers = layers(parts.audit.clone(), AccessLayer::new(rules, verifier, clock.clone()));
    let (routes, health) = chassis::server::with_health(
        common_routes(built.routes, &db),
        environment != Environment::Production,
    );

    let replicas = nats.replicas;
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(Relay::new(db.clone(), clock.clone(), bus.clone(), replicas).run(shutdown.clone()));
    for consumer in built.consumers {
        tasks.spawn(consumer.run(db.clone(), clock.clone(), bus.clone(), replicas, shutdown.clone()));
    }
    tasks.spawn(due::run(db.clone(), clock.clone(), built.due, parts.wake, shutdown.clone()));
    let token = shutdown.clone();
    tasks.spawn(async move {
        // Readiness depends on the database alone: without the bus, writes wait in the outbox (OPS-01).
        while !token.is_cancelled() {
            health.report(S::NAME, db.answers().await).await;
            let _ = tokio::time::timeout(Duration::from_secs(1), token.cancelled()).await;
        }
        health.report(S::NAME, false).await;
    });
    tasks.close();
    tracing::info!(listen = %bound.address()?, "serving");
    bound.serve(routes, layers, shutdown).await?;
    let _ = tokio::time::timeout(Duration::from_secs(12), tasks.wait()).await;
    Ok(())
}

/// Audit outside of access, so that refusals leave a record too.
#[must_use]
pub const fn layers(audit: Audit, access: AccessLayer) -> Stack<AccessLayer, AuditLayer> {
    Stack::new(access, AuditLayer::new(audit))
}

/// Adds the RPCs that every service has.
#[must_use]
pub fn common_routes(routes: Routes, db: &Db) -> Routes {
    routes
        .add_service(EventFeedServer::new(Feed::new(db.clone())))
        .add_service(AuditServiceServer::new(AuditRpc::new(db.clone())))
}
