//! Live updates: a NATS subscription to all events. Open pages receive "something new in this section",
//! without content. While NATS cannot be reached, live streams are closed and nothing is cached.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Auth, AuthError, Client, ConnectOptions, Event as BusEvent};
use bytes::Bytes;
use chassis::{contract::type_name, secret_file::SecretFile};
use futures::StreamExt;
use prost::{Message, Name};
use prost_types::Any;
use proto::{
    access::v1::Section,
    event::v1::Event,
    identity::v1::{AccessEnded, GrantChanged, OrganisationConfigured, SessionChanged, SessionEnded},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How many changes a slow stream may lag behind. A stream that lags further is closed, and the page connects
/// again.
const BACKLOG: usize = 1024;

/// The start of the subjects on which the gateway asks whether NATS has handled its subscriptions: the gateway's user must
/// be allowed to publish and subscribe to them.
const PROBE: &str = "gateway.probe";
/// How long NATS may take to confirm the subscription.
const CONFIRMATION: Duration = Duration::from_secs(10);
/// The wait after a confirmation that did not come.
const RETRY: Duration = Duration::from_secs(1);
/// How often NATS is asked whether it is still there. Two questions without an answer end the connection.
const PING: Duration = Duration::from_secs(10);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Settings of the connection to NATS.
#[derive(Clone, Debug, Deserialize)]
pub struct NatsSettings {
    /// The address of NATS.
    pub url: String,
    /// The name of the gateway's user, which may publish nothing but its own probes; empty: the gateway logs in without a
    /// user.
    pub user: String,
    /// The file that holds the user's password.
    pub password_file: SecretFile,
}

/// A change that open pages may have to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something new for a client, in a section.
    Section {
        /// The organisation.
        organisation: String,
        /// The client.
        client: String,
        /// The section.
        section: Section,
    },
    /// The session with this id has ended.
    SessionEnded(String),
    /// The rights or the chosen client of the account with this id have changed: its streams close and
    /// connect again.
    GrantChanged(String),
    /// NATS cannot be reached, so changes would be missed: streams close and connect again later.
    BusLost,
}

type OnOrganisation = Box<dyn Fn() + Send + Sync>;
type OnSession = Box<dyn Fn(Option<&str>) + Send + Sync>;

#[derive(Default)]
struct Listeners {
    organisation: Vec<OnOrganisation>,
    session: Vec<OnSession>,
}

/// The subscription to events. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

/// Finds the sections in which an event is news.
type SectionsOf = fn(&Any) -> Vec<Section>;

struct Inner {
    sections_of: SectionsOf,
    changes: broadcast::Sender<Change>,
    connected: AtomicBool,
    client: OnceLock<Client>,
    /// How often the connection began or ended: what is confirmed for an earlier connection says nothing of this one.
    connections: Mutex<u64>,
    listeners: Mutex<Listeners>,
}

impl Live {
    /// A subscription that is never connected and receives no event: for tests of pages without NATS.
    #[must_use]
    pub fn without_bus() -> Self {
        Self::new(|_| Vec::new())
    }

    fn new(sections_of: SectionsOf) -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        Self(Arc::new(Inner {
            sections_of,
            changes,
            connected: AtomicBool::new(false),
            client: OnceLock::new(),
            connections: Mutex::default(),
            listeners: Mutex::default(),
        }))
    }

    /// Subscribes to all events. Where NATS cannot be reached yet, it is tried again in the background.
    ///
    /// # Errors
    /// When the address of NATS is invalid, or the password file cannot be read.
    pub async fn start(
        settings: &NatsSettings,
        sections_of: SectionsOf,
        shutdown: CancellationToken,
    ) -> Result<Self, BoxError> {
        let live = Self::new(sections_of);
        let for_callback = live.clone();
        let options = options(settings)?.name("gateway").ping_interval(PING).retry_on_initial_connect();
        let options = options.event_callback(move |event| {
            let live = for_callback.clone();
            async move { live.on_bus_event(&event) }
        });
        let connection = options.connect(settings.url.as_str()).await?;
        let mut events = connection.subscribe("event.>").await?;
        let _ = live.0.client.set(connection);
        live.confirm();
        let subscriber = live.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = events.next() => match event {
                        Some(event) => subscriber.on_event(&event.payload),
                        None => return,
                    },
                    () = shutdown.cancelled() => {
                        subscriber.set_connected(false);
                        return;
                    }
                }
            }
        });
        Ok(live)
    }

    fn on_bus_event(&self, event: &BusEvent) {
        match event {
            BusEvent::Connected => self.confirm(),
            BusEvent::Disconnected | BusEvent::SlowConsumer(_) | BusEvent::Closed => {
                tracing::warn!(%event, "live updates are interrupted");
                let mut connections = self.connections();
                *connections += 1;
                self.set_connected(false);
                drop(connections);
                if matches!(event, BusEvent::SlowConsumer(_)) {
                    self.confirm();
                }
            }
            _ => {}
        }
    }

    /// Counts as connected once NATS has confirmed the subscription: an event that was published between the connection
    /// and the subscription does not come.
    fn confirm(&self) {
        let Some(client) = self.0.client.get().cloned() else { return };
        let (live, connection) = (self.clone(), {
            let mut connections = self.connections();
            *connections += 1;
            *connections
        });
        tokio::spawn(async move {
            while *live.connections() == connection {
                if let Ok(Ok(())) = tokio::time::timeout(CONFIRMATION, round_trip(&client)).await {
                    let connections = live.connections();
                    if *connections == connection {
                        live.set_connected(true);
                    }
                    return;
                }
                tracing::warn!("the bus does not confirm the subscription: sessions are not cached");
                tokio::time::sleep(RETRY).await;
            }
        });
    }

    fn connections(&self) -> MutexGuard<'_, u64> {
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_connected(&self, connected: bool) {
        self.0.connected.store(connected, Ordering::SeqCst);
        // Events that were sent in between are lost: empty all caches.
        self.notify(|listeners| {
            listeners.organisation.iter().for_each(|forget| forget());
            listeners.session.iter().for_each(|forget| forget(None));
        });
        if !connected {
            let _ = self.0.changes.send(Change::BusLost);
        }
    }

    fn on_event(&self, payload: &[u8]) {
        let Ok(event) = Event::decode(payload) else { return };
        let Some(data) = &event.data else { return };
        let name = type_name(data);
        if name == OrganisationConfigured::full_name() {
            self.notify(|listeners| listeners.organisation.iter().for_each(|forget| forget()));
        } else if name == SessionEnded::full_name() {
            let Ok(ended) = data.to_msg::<SessionEnded>() else { return };
            self.notify(|l| l.session.iter().for_each(|forget| forget(Some(&ended.account_id))));
            let _ = self.0.changes.send(Change::SessionEnded(ended.session_id));
        } else if name == GrantChanged::full_name() {
            let Ok(changed) = data.to_msg::<GrantChanged>() else { return };
            self.notify(|l| l.session.iter().for_each(|forget| forget(Some(&changed.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(changed.account_id));
        } else if name == AccessEnded::full_name() {
            let Ok(ended) = data.to_msg::<AccessEnded>() else { return };
            self.notify(|l| l.session.iter().for_each(|forget| forget(Some(&ended.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(ended.account_id));
        } else if name == SessionChanged::full_name() {
            let Ok(chosen) = data.to_msg::<SessionChanged>() else { return };
            self.notify(|l| l.session.iter().for_each(|forget| forget(Some(&chosen.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(chosen.account_id));
        } else {
            for section in (self.0.sections_of)(data) {
                let (organisation, client) = (event.organisation_id.clone(), event.client_id.clone());
                let _ = self.0.changes.send(Change::Section { organisation, client, section });
            }
        }
    }

    fn notify(&self, call: impl FnOnce(&Listeners)) {
        if let Ok(listeners) = self.0.listeners.lock() {
            call(&listeners);
        }
    }

    /// Calls `forget` whenever cached organisations may be out of date.
    pub fn on_organisation(&self, forget: impl Fn() + Send + Sync + 'static) {
        if let Ok(mut listeners) = self.0.listeners.lock() {
            listeners.organisation.push(Box::new(forget));
        }
    }

    /// Calls `forget` with the id of an account whose sessions or rights have changed; with `None` where it
    /// may be any account.
    pub fn on_session_change(&self, forget: impl Fn(Option<&str>) + Send + Sync + 'static) {
        if let Ok(mut listeners) = self.0.listeners.lock() {
            listeners.session.push(Box::new(forget));
        }
    }

    /// Whether events are received.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.connected.load(Ordering::SeqCst)
    }

    /// Receives all changes from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }
}

/// Waits until NATS has handled everything that was sent on this connection. NATS handles a connection's operations in
/// their order, so that a message to ourselves comes back after the subscription to events.
async fn round_trip(client: &Client) -> Result<(), BoxError> {
    let subject = format!("{PROBE}.{}", client.new_inbox());
    let mut answers = client.subscribe(subject.clone()).await?;
    client.publish(subject, Bytes::new()).await?;
    answers.next().await.map(drop).ok_or_else(|| "the bus went away".into())
}

/// The options of a connection, which reads the password file anew each time (OPS-09).
fn options(settings: &NatsSettings) -> std::io::Result<ConnectOptions> {
    if settings.user.is_empty() {
        return Ok(ConnectOptions::new());
    }
    settings.password_file.read()?;
    let settings = settings.clone();
    Ok(ConnectOptions::with_auth_callback(move |_| {
        let password = settings.password_file.read().map_err(AuthError::new);
        let user = settings.user.clone();
        async move {
            let mut auth = Auth::new();
            auth.username = Some(user);
            auth.password = password?.map(|password| password.expose_secret().to_owned());
            Ok(auth)
        }
    }))
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::{RecordAdded, RecordsImported};

    use super::*;

    fn payload<M: Message + Name>(message: &M) -> Vec<u8> {
        let data = Some(Any { type_url: M::type_url(), value: message.encode_to_vec() });
        let event =
            Event { organisation_id: "o".to_owned(), client_id: "c".to_owned(), data, ..Event::default() };
        event.encode_to_vec()
    }

    #[test]
    fn news_is_sent_with_its_client_and_section() {
        let live = Live::new(|event| {
            (type_name(event) == RecordAdded::full_name()).then_some(Section::Reports).into_iter().collect()
        });
        let mut changes = live.changes();
        live.on_event(&payload(&RecordsImported { counts: Vec::new(), historic: true }));
        live.on_event(b"garbage");
        live.on_event(&payload(&RecordAdded { record_id: "r".to_owned(), section: 1 }));
        let expected = Change::Section {
            organisation: "o".to_owned(),
            client: "c".to_owned(),
            section: Section::Reports,
        };
        assert_eq!(changes.try_recv(), Ok(expected));
        assert!(changes.try_recv().is_err());
    }

    #[test]
    fn lost_bus_closes_streams_and_empties_caches() {
        let live = Live::without_bus();
        let forgotten = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&forgotten);
        live.on_session_change(move |account| flag.store(account.is_none(), Ordering::SeqCst));
        live.set_connected(true);
        let mut changes = live.changes();
        live.on_bus_event(&BusEvent::Disconnected);
        assert_eq!(changes.try_recv(), Ok(Change::BusLost));
        assert!(!live.is_connected() && forgotten.load(Ordering::SeqCst));
    }
}
