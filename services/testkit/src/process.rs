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
    due::DueWork,
    event::envelope,
    organisation,
    service::{self, Parts, Service},
};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tower::Layer;
use uuid::Uuid;

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
    due: Vec<Box<dyn DueWork>>,
    _stop: DropGuard,
}

impl InProcess {
    /// Starts a service with the given settings.
    pub async fn start<S: Service>(settings: S::Settings) -> Self {
        let database = Database::create(S::NAME, S::migrator()).await;
        let (keys, clock) = (Keys::generate(), Clock::fixed(monday_morning()));
        let db = database.db(S::NAME);
        let seal = keys.settings.seal_keys(S::NAME).unwrap();
        let parts = Parts {
            audit: Audit::start(db.clone(), seal.clone()),
            db: db.clone(),
            clock: clock.clone(),
            seal,
            keys: keys.settings.clone(),
            wake: Arc::new(Notify::new()),
        };
        let built = S::build(parts.clone(), settings).unwrap();
        let access = AccessLayer::new(
            Arc::new(Rules::of_contract().unwrap()),
            keys.settings.verifier().unwrap(),
            clock.clone(),
        );
        let layers = service::layers(parts.audit, access);
        let routes = service::common_routes(built.routes, &db);
        let process = Self::serve(database, keys, clock, routes, layers).await;
        Self { service: S::NAME, consumers: built.consumers, due: built.due, ..process }
    }

    /// Runs all due work once, as the service's loop does.
    pub async fn run_due(&self) {
        let db = self.database.db(self.service);
        let no_organisation = Ctx::of_service("test", OrganisationId(Uuid::nil()), self.clock.now());
        for organisation in organisation::list(&db, &no_organisation).await.unwrap() {
            let ctx = Ctx::of_service("test", organisation.id, self.clock.now());
            for work in &self.due {
                work.run(&db, &ctx, &organisation).await.unwrap();
            }
        }
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
            due: Vec::new(),
            _stop: stop.drop_guard(),
        }
    }

    /// A channel to the service, with a token of the caller.
    #[must_use]
    pub fn channel_as(&self, caller: &Caller) -> channel::Channel {
        let signer = match caller {
            Caller::Gateway => self.keys.settings.signer("gateway"),
            _ => self.keys.settings.signer("identity"),
        };
        let token = signer.unwrap().sign(caller, self.clock.now()).unwrap();
        channel::with_token(channel::connect(&self.address).unwrap(), &token)
    }

    /// The keys of a service, to open messages that were sealed to the service.
    #[must_use]
    pub fn seal_keys(&self, service: &str) -> SealKeys {
        self.keys.settings.seal_keys(service).unwrap()
    }
}
