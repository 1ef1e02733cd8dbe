//! Runs a service in the test's process, with its real layers, database and socket, but without a bus.

use std::sync::Arc;

use chassis::{
    Clock, Ctx,
    access::{AccessLayer, Rules},
    channel,
    id::OrganisationId,
    seal::SealKeys,
    server::Listener,
    token::Caller,
};
use prost::{Message, Name};
use store::{
    About,
    audit::Audit,
    consumer::Consumer,
    due::{DueLoop, Wake},
    event::envelope,
    housekeeping::RetentionSettings,
    service::{self, Parts, Service},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tower::Layer;

use crate::{Keys, monday_morning, postgres::Database};

/// A running service; stops when dropped.
pub struct InProcess {
    /// The service's database.
    pub database: Database,
    /// The service's clock: Monday morning, until the test moves the clock.
    pub clock: Clock,
    /// The keys of the gateway and of every service.
    pub keys: Keys,
    /// The URL that the service listens on.
    pub address: String,
    pub(crate) service: &'static str,
    consumers: Vec<Consumer>,
    due: Option<DueLoop>,
    _stop: DropGuard,
}

/// The process that signs the tokens of a caller.
pub(crate) fn issuer(caller: &Caller) -> &'static str {
    if *caller == Caller::Gateway { "gateway" } else { "identity" }
}

impl InProcess {
    /// Starts a service with the given settings.
    pub async fn start<S: Service>(settings: S::Settings) -> Self {
        let database = Database::create(S::NAME, S::migrator()).await;
        let (keys, clock) = (Keys::generate(), Clock::fixed(monday_morning()));
        let db = database.db(S::NAME);
        let own = keys.of(S::NAME);
        let (seal, retention) = (own.seal().unwrap(), RetentionSettings::default());
        let parts = Parts {
            audit: Audit::start(db.clone(), clock.clone(), seal.clone(), retention),
            db: db.clone(),
            clock: clock.clone(),
            seal,
            keys: own.clone(),
            wake: Wake::default(),
        };
        let built = S::build(parts.clone(), settings).unwrap();
        let access = AccessLayer::new(Arc::new(Rules::of_contract().unwrap()), own.verifier(), clock.clone());
        let layers = service::layers(parts.audit.clone(), access);
        let routes = service::common_routes(built.routes, &db, &clock);
        let consumers = service::with_common_consumers(S::NAME, built.consumers);
        let due = DueLoop {
            db,
            clock: clock.clone(),
            audit: parts.audit,
            retention,
            consumers: consumers.iter().map(|consumer| consumer.name().to_owned()).collect(),
            works: built.due,
            wake: parts.wake,
        };
        let process = Self::serve(database, keys, clock, routes, layers).await;
        Self { service: S::NAME, consumers, due: Some(due), ..process }
    }

    /// Runs all due work once, as the service's loop does.
    pub async fn run_due(&self) {
        self.due.as_ref().unwrap().run_once().await.unwrap();
    }

    /// Lets the service's consumer handle an event, as if the bus had delivered the event.
    pub async fn receive_event<M: Message + Name>(
        &self,
        organisation: OrganisationId,
        about: About,
        message: &M,
    ) {
        let ctx = Ctx::of_service("test", organisation, self.clock.now());
        let (_, event) = envelope(&ctx, about, message);
        let name = format!("{}__{}", self.service, M::NAME);
        let consumer = self.consumers.iter().find(|consumer| consumer.name() == name).unwrap();
        let db = self.database.db(self.service);
        consumer.replay(&db, &self.clock, &event.encode_to_vec()).await.unwrap();
    }

    /// Serves routes behind the given layers.
    pub async fn serve<L, T>(database: Database, keys: Keys, clock: Clock, routes: Routes, layers: L) -> Self
    where
        L: Layer<Routes, Service = T> + Clone + Send + Sync + 'static,
        T: tower::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<tonic::body::Body>,
                Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
                Future: Send,
            > + Clone
            + Send
            + 'static,
    {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", listener.address().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(routes, layers, stop.clone()));
        Self {
            database,
            clock,
            keys,
            address,
            service: "store",
            consumers: Vec::new(),
            due: None,
            _stop: stop.drop_guard(),
        }
    }

    /// A channel to the service, with a token of the caller.
    #[must_use]
    pub fn channel_as(&self, caller: &Caller) -> channel::Channel {
        let signer = self.keys.signer(issuer(caller));
        let token = signer.sign(caller, self.clock.now()).unwrap();
        channel::with_token(channel::connect(&self.address).unwrap(), &token)
    }

    /// The keys of a service, to open messages that were sealed to the service.
    #[must_use]
    pub fn seal_keys(&self, service: &'static str) -> SealKeys {
        self.keys.of(service).seal().unwrap()
    }
}
