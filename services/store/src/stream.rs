//! The connection to the bus, and its two streams.

use std::time::Duration;

use async_nats::{
    Auth, AuthError, Client, ConnectOptions,
    jetstream::{
        self, Context,
        context::CreateStreamError,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use chassis::secret_file::SecretFile;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::event::Stream;

/// Settings of the bus.
#[derive(Clone, Debug, Deserialize)]
pub struct NatsSettings {
    /// The server's URL: `nats://host:4222`.
    pub url: String,
    /// The service's user on the bus; empty if the bus needs none.
    pub user: String,
    /// The file that holds the user's password; read only if there is a user.
    pub password_file: SecretFile,
    /// How many servers store each stream: 1, or 3 in production.
    pub replicas: usize,
}

impl NatsSettings {
    /// Connects. If the bus cannot be reached, the connection is tried again in the background.
    ///
    /// # Errors
    /// When the URL is malformed or the password file cannot be read.
    pub async fn connect(&self, name: &str) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let mut options = ConnectOptions::new();
        if !self.user.is_empty() {
            // Refuse to start without the file; afterwards each connection reads it again.
            self.password_file.read()?;
            let (user, file) = (self.user.clone(), self.password_file.clone());
            options = ConnectOptions::with_auth_callback(move |_| {
                let auth = read_auth(&user, &file);
                async move { auth }
            });
        }
        let options = options
            .name(name)
            .retry_on_initial_connect()
            // A bus that hangs is noticed after two questions without an answer.
            .ping_interval(Duration::from_secs(10))
            .connection_timeout(Duration::from_secs(2))
            .request_timeout(Some(Duration::from_secs(5)))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(50 * 2_u64.pow(u32::try_from(attempts.min(5)).unwrap_or(5)))
            });
        Ok(options.connect(self.url.as_str()).await?)
    }
}

fn read_auth(user: &str, file: &SecretFile) -> Result<Auth, AuthError> {
    let password = file.read().map_err(AuthError::new)?;
    let mut auth = Auth::new();
    auth.username = Some(user.to_owned());
    auth.password = password.map(|password| password.expose_secret().to_owned());
    Ok(auth)
}

/// The JetStream API of a connection.
#[must_use]
pub fn jetstream(client: Client) -> Context {
    jetstream::new(client)
}

/// A stream that the bus has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeStream {
    /// When the bus made the stream: a stream of the same name that was made later has lost its messages.
    pub made_at: Timestamp,
    /// Whether this call made the stream.
    pub is_new: bool,
}

/// Creates the streams that are missing. Returns EVENTS and DELIVERIES.
///
/// # Errors
/// When the bus cannot be reached or refuses to create a stream.
pub async fn ensure(context: &Context, replicas: usize) -> Result<[MadeStream; 2], CreateStreamError> {
    Ok([
        ensure_one(context, config(Stream::Events, replicas)).await?,
        ensure_one(context, config(Stream::Deliveries, replicas)).await?,
    ])
}

fn config(stream: Stream, replicas: usize) -> Config {
    let (subject, retention) = match stream {
        Stream::Events => ("event.>", RetentionPolicy::Limits),
        Stream::Deliveries => ("delivery.>", RetentionPolicy::WorkQueue),
    };
    Config {
        name: stream.name().to_owned(),
        subjects: vec![subject.to_owned()],
        retention,
        max_age: stream.life().unsigned_abs(),
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::Old,
        duplicate_window: Duration::from_mins(2),
        deny_delete: true,
        deny_purge: stream == Stream::Events,
        ..Config::default()
    }
}

async fn ensure_one(context: &Context, config: Config) -> Result<MadeStream, CreateStreamError> {
    // Leave an existing stream alone: the operator may have changed its settings.
    let (stream, is_new) = match context.get_stream(&config.name).await {
        Ok(stream) => (stream, false),
        Err(_) => (context.get_or_create_stream(config).await?, true),
    };
    let made_at = stream.cached_info().created.unix_timestamp_nanos() / 1000;
    let made_at = i64::try_from(made_at).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    Ok(MadeStream { made_at: made_at.unwrap_or_default(), is_new })
}
