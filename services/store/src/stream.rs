//! The bus: how to reach it, and its two streams.

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

/// Facts: `event.>`, kept for 30 days.
pub(crate) const EVENTS: &str = "EVENTS";
/// Things to send out: `delivery.>`, until messaging has taken them, 7 days at most.
pub(crate) const DELIVERIES: &str = "DELIVERIES";

const DAY: Duration = Duration::from_hours(24);

/// Settings of the bus.
#[derive(Clone, Debug, Deserialize)]
pub struct NatsSettings {
    /// Where it is: `nats://host:4222`.
    pub url: String,
    /// The user of this service; empty: none.
    pub user: String,
    /// The file that holds the user's password; empty: none.
    pub password_file: PathBuf,
    /// How many servers keep each stream: 1, or 3 in production.
    pub replicas: usize,
}

impl NatsSettings {
    /// Connects; goes on trying in the background where the bus is not there yet.
    ///
    /// # Errors
    /// When the URL is not one or the password cannot be read.
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

/// JetStream on a connection.
#[must_use]
pub fn jetstream(client: Client) -> Context {
    jetstream::new(client)
}

/// Makes sure that both streams are there as they must be.
///
/// # Errors
/// When the bus is away or refuses.
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
        // Asked first: an existing stream is left as the operator may have changed it.
        if context.get_stream(&config.name).await.is_err() {
            context.get_or_create_stream(config).await?;
        }
    }
    Ok(())
}
