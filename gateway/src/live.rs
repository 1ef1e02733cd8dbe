//! Live updates: a plain subscription to events, told to the pages that are open. No content, only "something new in
//! this section". While the subscription is down, live streams are closed and nothing is cached.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_nats::{ConnectOptions, Event as BusEvent};
use chassis::contract::type_name;
use futures::StreamExt;
use prost::{Message, Name};
use prost_types::Any;
use proto::{
    access::v1::Section,
    event::v1::Event,
    identity::v1::{AccessEnded, GrantChanged, OrganisationConfigured, SessionChanged, SessionEnded},
};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How many changes a slow page may lag behind before it is closed and asks again.
const BACKLOG: usize = 1024;

/// Settings of the bus.
#[derive(Clone, Debug, Deserialize)]
pub struct NatsSettings {
    /// Where it is.
    pub url: String,
    /// A user that may only subscribe; empty: none.
    pub user: String,
    /// The file that holds the user's password.
    pub password_file: PathBuf,
}

/// Something that open pages may want to know.
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
    /// A session has ended.
    SessionEnded(String),
    /// What an account may do has changed: its streams close, and ask again.
    GrantChanged(String),
    /// Nobody would hear of changes: streams close, and ask again later.
    Down,
}

type OnOrganisation = Box<dyn Fn() + Send + Sync>;
type OnSession = Box<dyn Fn(Option<&str>) + Send + Sync>;

#[derive(Default)]
struct Listeners {
    organisation: Vec<OnOrganisation>,
    session: Vec<OnSession>,
}

/// The subscription. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

/// The section in which an event is news; `None`: in no section.
type SectionOf = fn(&Any) -> Option<Section>;

struct Inner {
    section_of: SectionOf,
    changes: broadcast::Sender<Change>,
    connected: AtomicBool,
    listeners: Mutex<Listeners>,
}

impl Live {
    /// A subscription that hears nothing and says so: for tests of pages without a bus.
    #[must_use]
    pub fn deaf() -> Self {
        Self::new(|_| None)
    }

    fn new(section_of: SectionOf) -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        let (connected, listeners) = (AtomicBool::new(false), Mutex::default());
        Self(Arc::new(Inner { section_of, changes, connected, listeners }))
    }

    /// Subscribes; goes on trying in the background where the bus is not there yet.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub async fn start(
        settings: &NatsSettings,
        section_of: SectionOf,
        shutdown: CancellationToken,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let live = Self::new(section_of);
        let on_bus_event = live.clone();
        let mut options =
            ConnectOptions::new().name("gateway").retry_on_initial_connect().event_callback(move |event| {
                let live = on_bus_event.clone();
                async move { live.on_bus_event(&event) }
            });
        if !settings.user.is_empty() {
            let password = std::fs::read_to_string(&settings.password_file)?;
            options = options.user_and_password(settings.user.clone(), password.trim().to_owned());
        }
        let connection = options.connect(settings.url.as_str()).await?;
        let mut events = connection.subscribe("event.>").await?;
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
            BusEvent::Connected => self.set_connected(true),
            BusEvent::Disconnected | BusEvent::SlowConsumer(_) | BusEvent::Closed => {
                tracing::warn!(%event, "live updates are interrupted");
                self.set_connected(false);
                if matches!(event, BusEvent::SlowConsumer(_)) {
                    self.set_connected(true);
                }
            }
            _ => {}
        }
    }

    fn set_connected(&self, connected: bool) {
        self.0.connected.store(connected, Ordering::SeqCst);
        // Whatever was told in between was not heard: forget all that was kept.
        self.notify(|listeners| {
            listeners.organisation.iter().for_each(|forget| forget());
            listeners.session.iter().for_each(|forget| forget(None));
        });
        if !connected {
            let _ = self.0.changes.send(Change::Down);
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
        } else if let Some(section) = (self.0.section_of)(data) {
            let change =
                Change::Section { organisation: event.organisation_id, client: event.client_id, section };
            let _ = self.0.changes.send(change);
        }
    }

    fn notify(&self, notify: impl FnOnce(&Listeners)) {
        if let Ok(listeners) = self.0.listeners.lock() {
            notify(&listeners);
        }
    }

    /// Called whenever what is known of organisations may be out of date.
    pub fn on_organisation(&self, forget: impl Fn() + Send + Sync + 'static) {
        if let Ok(mut listeners) = self.0.listeners.lock() {
            listeners.organisation.push(Box::new(forget));
        }
    }

    /// Called with an account whose sessions or rights have changed; with `None` where it may be any.
    pub fn on_session_change(&self, forget: impl Fn(Option<&str>) + Send + Sync + 'static) {
        if let Ok(mut listeners) = self.0.listeners.lock() {
            listeners.session.push(Box::new(forget));
        }
    }

    /// Whether changes are heard.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.connected.load(Ordering::SeqCst)
    }

    /// All changes from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::{RecordsImported, ReportAdded};

    use super::*;

    fn payload<M: Message + Name>(message: &M) -> Vec<u8> {
        let data = Some(Any { type_url: M::type_url(), value: message.encode_to_vec() });
        let event =
            Event { organisation_id: "o".to_owned(), client_id: "c".to_owned(), data, ..Event::default() };
        event.encode_to_vec()
    }

    #[test]
    fn news_is_passed_on_with_its_client_and_section() {
        let live =
            Live::new(|event| (type_name(event) == ReportAdded::full_name()).then_some(Section::Reports));
        let mut changes = live.changes();
        live.on_event(&payload(&RecordsImported { reports: 3, historic: true }));
        live.on_event(b"garbage");
        live.on_event(&payload(&ReportAdded { report_id: "r".to_owned() }));
        let expected = Change::Section {
            organisation: "o".to_owned(),
            client: "c".to_owned(),
            section: Section::Reports,
        };
        assert_eq!(changes.try_recv(), Ok(expected));
        assert!(changes.try_recv().is_err());
    }

    #[test]
    fn when_the_bus_goes_away_streams_are_closed_and_what_was_kept_is_forgotten() {
        let live = Live::deaf();
        let forgotten = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&forgotten);
        live.on_session_change(move |account| flag.store(account.is_none(), Ordering::SeqCst));
        live.set_connected(true);
        let mut changes = live.changes();
        live.on_bus_event(&BusEvent::Disconnected);
        assert_eq!(changes.try_recv(), Ok(Change::Down));
        assert!(!live.is_connected() && forgotten.load(Ordering::SeqCst));
    }
}
