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
use proto::{
    access::v1::Section,
    dossier::v1::{RecordsImported, ReportAdded, ReportChanged},
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

struct Inner {
    changes: broadcast::Sender<Change>,
    connected: AtomicBool,
    listeners: Mutex<Listeners>,
}

impl Live {
    /// A subscription that hears nothing and says so: for tests of pages without a bus.
    #[must_use]
    pub fn deaf() -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        let (connected, listeners) = (AtomicBool::new(false), Mutex::default());
        Self(Arc::new(Inner { changes, connected, listeners }))
    }

    /// Subscribes; goes on trying in the background where the bus is not there yet.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub async fn start(
        settings: &NatsSettings,
        shutdown: CancellationToken,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let live = Self::deaf();
        let told = live.clone();
        let mut options =
            ConnectOptions::new().name("gateway").retry_on_initial_connect().event_callback(move |event| {
                let told = told.clone();
                async move { told.heard_of_bus(&event) }
            });
        if !settings.user.is_empty() {
            let password = std::fs::read_to_string(&settings.password_file)?;
            options = options.user_and_password(settings.user.clone(), password.trim().to_owned());
        }
        let client = options.connect(settings.url.as_str()).await?;
        let mut events = client.subscribe("event.>").await?;
        let heard = live.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = events.next() => match event {
                        Some(event) => heard.heard(&event.payload),
                        None => return,
                    },
                    () = shutdown.cancelled() => {
                        heard.set_connected(false);
                        return;
                    }
                }
            }
        });
        Ok(live)
    }

    fn heard_of_bus(&self, event: &BusEvent) {
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
        self.tell(|listeners| {
            listeners.organisation.iter().for_each(|forget| forget());
            listeners.session.iter().for_each(|forget| forget(None));
        });
        if !connected {
            let _ = self.0.changes.send(Change::Down);
        }
    }

    fn heard(&self, payload: &[u8]) {
        let Ok(event) = Event::decode(payload) else { return };
        let Some(data) = &event.data else { return };
        let name = type_name(data);
        if name == OrganisationConfigured::full_name() {
            self.tell(|listeners| listeners.organisation.iter().for_each(|forget| forget()));
        } else if name == SessionEnded::full_name() {
            let Ok(ended) = data.to_msg::<SessionEnded>() else { return };
            self.tell(|l| l.session.iter().for_each(|forget| forget(Some(&ended.account_id))));
            let _ = self.0.changes.send(Change::SessionEnded(ended.session_id));
        } else if name == GrantChanged::full_name() {
            let Ok(changed) = data.to_msg::<GrantChanged>() else { return };
            self.tell(|l| l.session.iter().for_each(|forget| forget(Some(&changed.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(changed.account_id));
        } else if name == AccessEnded::full_name() {
            let Ok(ended) = data.to_msg::<AccessEnded>() else { return };
            self.tell(|l| l.session.iter().for_each(|forget| forget(Some(&ended.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(ended.account_id));
        } else if name == SessionChanged::full_name() {
            let Ok(chosen) = data.to_msg::<SessionChanged>() else { return };
            self.tell(|l| l.session.iter().for_each(|forget| forget(Some(&chosen.account_id))));
            let _ = self.0.changes.send(Change::GrantChanged(chosen.account_id));
        } else if let Some(section) = section(name, data) {
            let change =
                Change::Section { organisation: event.organisation_id, client: event.client_id, section };
            let _ = self.0.changes.send(change);
        }
    }

    fn tell(&self, tell: impl FnOnce(&Listeners)) {
        if let Ok(listeners) = self.0.listeners.lock() {
            tell(&listeners);
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

/// The section that an event is about; `None` for those that no page waits for, and for old news.
fn section(name: &str, data: &prost_types::Any) -> Option<Section> {
    if name == ReportAdded::full_name() || name == ReportChanged::full_name() {
        return Some(Section::Reports);
    }
    if name == RecordsImported::full_name() {
        let imported: RecordsImported = data.to_msg().ok()?;
        return (!imported.historic && imported.reports > 0).then_some(Section::Reports);
    }
    None
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;

    fn payload<M: Message + Name>(message: &M) -> Vec<u8> {
        let data = Some(Any { type_url: M::type_url(), value: message.encode_to_vec() });
        let event =
            Event { organisation_id: "o".to_owned(), client_id: "c".to_owned(), data, ..Event::default() };
        event.encode_to_vec()
    }

    #[test]
    fn a_new_report_is_told_with_its_client_and_section_and_old_news_is_not() {
        let live = Live::deaf();
        let mut changes = live.changes();
        live.heard(&payload(&RecordsImported { reports: 3, historic: true }));
        live.heard(b"garbage");
        live.heard(&payload(&ReportAdded { report_id: "r".to_owned() }));
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
        live.heard_of_bus(&BusEvent::Disconnected);
        assert_eq!(changes.try_recv(), Ok(Change::Down));
        assert!(!live.is_connected() && forgotten.load(Ordering::SeqCst));
    }
}
