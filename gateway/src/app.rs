//! The state that all handlers share.

use std::sync::Arc;

use chassis::{
    Clock,
    aead::AeadKeys,
    config::{Environment, ProcessSettings},
};
use serde::Deserialize;

use crate::{
    edge::Proxies,
    limit::{LimitSettings, Limits},
    live::{Live, NatsSettings},
    organisation::Organisations,
    services::{ServiceSettings, Services},
    sessions::Sessions,
};

/// Settings of the gateway.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// The settings that every process has.
    #[serde(flatten)]
    pub process: ProcessSettings,
    /// The address of each service.
    pub services: ServiceSettings,
    /// The connection to NATS.
    pub nats: NatsSettings,
    /// The proxies whose forwarded headers are trusted.
    pub trusted_proxies: Proxies,
    /// How many connections are open at the same time.
    pub max_connections: usize,
    /// What one address may ask for.
    pub allowances: LimitSettings,
}

/// The state that all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The fields of [`App`].
pub struct Inner {
    pub(crate) services: Services,
    pub(crate) live: Live,
    pub(crate) clock: Clock,
    pub(crate) organisations: Organisations,
    pub(crate) sessions: Sessions,
    pub(crate) proxies: Proxies,
    pub(crate) limits: Limits,
    pub(crate) form_keys: AeadKeys,
    pub(crate) shows_styleguide: bool,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Builds the state. Events that `live` receives empty the caches. The style guide is shown outside production.
    #[must_use]
    pub fn new(
        services: Services,
        live: Live,
        clock: Clock,
        proxies: Proxies,
        limits: LimitSettings,
        form_keys: AeadKeys,
        environment: Environment,
    ) -> Self {
        let sessions = Sessions::new(services.clone(), live.clone(), clock.clone());
        let organisations = Organisations::new(services.clone(), &live);
        let limits = Limits::new(limits);
        let shows_styleguide = environment != Environment::Production;
        Self(Arc::new(Inner {
            services,
            live,
            clock,
            organisations,
            sessions,
            proxies,
            limits,
            form_keys,
            shows_styleguide,
        }))
    }
}
