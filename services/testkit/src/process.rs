//! A service in this process: its real layers, its real database, a real socket; no bus.

use std::sync::Arc;

use chassis::{
    Clock, Ctx,
    access::{AccessLayer, Rules},
    channel,
    id::OrganisationId,
    seal::SealKeys,
    server::Bound,
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

/// A service that runs until it is dropped.
pub struct InProcess {
    /// Its database, behind its rules too.
    pub database: Database,
    /// Its time: Monday morning, until moved.
    pub clock: Clock,
    /// Everybody's keys.
    pub keys: Keys,
    /// Where it listens.
    pub address: String,
    service: &'static str,
    consumers: Vec<Consumer>,
    due: Vec<Box<dyn DueWork>>,
    _stop: DropGuard,
}

impl InProcess {
    /// Starts a service with its own settings.
    pub async fn start<S: Service>(settings: S::Settings) -> Self {
        let database = Database::create(S::NAME, S::migrator()).await;
        let (keys, clock) = (Keys::generate(), Clock::fixed(monday_morning()));
        let db = database.db(S::NAME);
        let seal = keys.settings.seal(S::NAME).unwrap();
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

    /// Does all due work once, as the service's loop does.
    pub async fn run_due(&self) {
        let db = self.database.db(self.service);
        let nobody = Ctx::of_service("test", OrganisationId(Uuid::nil()), self.clock.now());
        for organisation in organisation::list(&db, &nobody).await.unwrap() {
            let ctx = Ctx::of_service("test", organisation.id, self.clock.now());
            for work in &self.due {
                work.run(&db, &ctx, &organisation).await.unwrap();
            }
        }
    }

    /// Lets the service hear of something, as if the bus had brought it.
    pub async fn hear<M: Message + Name>(&self, organisation: OrganisationId, about: About, message: &M) {
        let ctx = Ctx::of_service("test", organisation, self.clock.now());
        let (_, event) = envelope(&ctx, about, message);
        let name = format!("{}__{}", self.service, M::NAME);
        let consumer = self.consumers.iter().find(|consumer| consumer.name() == name).unwrap();
        let db = self.database.db(self.service);
        consumer.replay(&db, &self.clock, &event.encode_to_vec()).await.unwrap();
    }

    /// Serves routes over a database, in whatever layers.
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
        let bound = Bound::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", bound.address().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(bound.serve(routes, layers, stop.clone()));
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

    /// A channel that calls as somebody.
    #[must_use]
    pub fn calling(&self, caller: &Caller) -> channel::Channel {
        let signer = match caller {
            Caller::Gateway => self.keys.settings.signer("gateway"),
            _ => self.keys.settings.signer("identity"),
        };
        let token = signer.unwrap().sign(caller, self.clock.now()).unwrap();
        channel::with_token(channel::connect(&self.address).unwrap(), &token)
    }

    /// The keys of a service, to open what was sealed to it.
    #[must_use]
    pub fn seal(&self, service: &str) -> SealKeys {
        self.keys.settings.seal(service).unwrap()
    }
}
