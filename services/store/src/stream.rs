//! The connection to the bus, and its two streams.

use std::{path::PathBuf, time::Duration};

use async_nats::{
    Client, ConnectOptions,
    jetstream::{
        self, Context,
        context::CreateStreamError,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use serde::Deserialize;

/// The stream of facts: subjects `event.>`, stored for 30 days.
pub(crate) const EVENTS: &str = "EVENTS";
/// The stream of messages to send out: subjects `delivery.>`, stored until messaging has them or for 7 days.
pub(crate) const DELIVERIES: &str = "DELIVERIES";

const DAY: Duration = Duration::from_hours(24);

/// Settings of the bus.
#[derive(Clone, Debug, Deserialize)]
pub struct NatsSettings {
    /// The server's URL: `nats://host:4222`.
    pub url: String,
    /// The service's user on the bus; empty if the bus needs none.
    pub user: String,
    /// The file that holds the user's password; read only if there is a user.
    pub password_file: PathBuf,
    /// How many servers store each stream: 1, or 3 in production.
    pub replicas: usize,
}

impl NatsSettings {
    /// Connects. If the bus cannot be reached, the connection is tried again in the background.
    ///
    /// # Errors
    /// When the URL is malformed or the password file cannot be read.
    pub async fn connect(&self, name: &str) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let mut options = ConnectOptions::new()
            .name(name)
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(2))
            .request_timeout(Some(Duration::from_secs(5)))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(50 * 2_u64.pow(u32::try_from(attempts.min(5)).unwrap_or(5)))
            });
        if !self.user.is_empty() {
            let password = std::fs::read_to_string(&self.password_file)?;
            options = options.user_and_password(self.user.clone(), password.trim().to_owned());
        }
        Ok(options.connect(self.url.as_str()).await?)
    }
}

/// The JetStream API of a connection.
#[must_use]
pub fn jetstream(client: Client) -> Context {
    jetstream::new(client)
}

/// Creates the streams that are missing.
///
/// # Errors
/// When the bus cannot be reached or refuses to create a stream.
pub async fn ensure(context: &Context, replicas: usize) -> Result<(), CreateStreamError> {
    let common = Config {
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::Old,
        duplicate_window: Duration::from_mins(2),
        deny_delete: true,
        ..Config::default()
    };
    let events = Config {
        name: EVENTS.to_owned(),
        subjects: vec!["event.>".to_owned()],
        retention: RetentionPolicy::Limits,
        max_age: 30 * DAY,
        deny_purge: true,
        ..common.clone()
    };
    let deliveries = Config {
        name: DELIVERIES.to_owned(),
        subjects: vec!["delivery.>".to_owned()],
        retention: RetentionPolicy::WorkQueue,
        max_age: 7 * DAY,
        ..common
    };
    for config in [events, deliveries] {
        // Leave an existing stream alone: the operator may have changed its settings.
        if context.get_stream(&config.name).await.is_err() {
            context.get_or_create_stream(config).await?;
        }
    }
    Ok(())
}
