#![doc = include_str!("../README.md")]

mod account;
mod code;
mod contact_change;
mod device;
mod end_of_access;
mod error;
mod factor;
mod grant;
mod impersonation;
mod invitation;
mod login;
mod on;
mod organisation;
mod password;
mod reset;
mod rpc;
mod session;
mod state;
mod step_up;
mod system_account;
mod throttle;

use chassis::secret_file::SecretFile;
use proto::identity::v1::identity_service_server::IdentityServiceServer;
use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    consumer::Consumer,
    service::{BoxError, Built, Parts, Service},
};
use tonic::service::Routes;

use crate::{
    end_of_access::{EndAccess, RemoveUnused},
    on::{CareEnded, CareResumed, ClientName},
    reset::SendResets,
    state::State,
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The identity service.
pub struct Identity;

/// The settings that only identity has.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {
    /// The file with the operator's credential; empty: nobody can act as operator.
    pub operator_secret_file: SecretFile,
    /// The limits per day on codes and password resets.
    #[serde(default)]
    pub limits: Limits,
}

pub use crate::throttle::Limits;

impl Service for Identity {
    const NAME: &'static str = "identity";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn build(parts: Parts, settings: Settings) -> Result<Built, BoxError> {
        let state = State::new(&parts, settings.operator_secret_file, settings.limits)?;
        Ok(Built {
            routes: Routes::new(IdentityServiceServer::new(state.clone())),
            consumers: vec![
                Consumer::of_event(Self::NAME, ClientName::registered(parts.seal.clone())),
                Consumer::of_event(Self::NAME, ClientName::changed(parts.seal)),
                Consumer::of_event(Self::NAME, CareEnded),
                Consumer::of_event(Self::NAME, CareResumed),
            ],
            due: vec![
                Box::new(session::Purge),
                Box::new(SendResets(state.clone())),
                Box::new(EndAccess(state)),
                Box::<RemoveUnused>::default(),
            ],
        })
    }
}
