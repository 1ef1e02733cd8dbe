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
mod step_up;
mod system_account;
mod throttle;

use std::{path::PathBuf, sync::Arc};

use chassis::{
    Clock,
    seal::SealKeys,
    secret::HashKey,
    token::{IDENTITY, Signer, Verifier},
};
use proto::identity::v1::identity_service_server::IdentityServiceServer;
use secrecy::SecretString;
use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    Db,
    audit::Audit,
    consumer::Consumer,
    service::{BoxError, Built, Parts, Service},
};
use tokio::sync::Notify;
use tonic::service::Routes;

use crate::{
    end_of_access::EndAccess,
    on::{CareEnded, CareResumed, ClientName},
    password::Hasher,
    reset::SendResets,
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service.
pub struct Identity;

/// Identity's own settings.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {
    /// The file that holds the first operator's credential; empty: nobody can act as operator.
    pub operator_secret_file: PathBuf,
    /// How much may be sent in a day.
    #[serde(default)]
    pub limits: Limits,
}

pub use crate::throttle::Limits;

/// What every RPC has at hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct State {
    db: Db,
    clock: Clock,
    seal: SealKeys,
    audit: Audit,
    signer: Signer,
    verifier: Verifier,
    wake: Arc<Notify>,
    hash_key: HashKey,
    limits: Limits,
    hasher: Hasher,
    operator_secret: Option<Arc<SecretString>>,
}

impl Service for Identity {
    const NAME: &'static str = "identity";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn build(parts: Parts, settings: Settings) -> Result<Built, BoxError> {
        let file = settings.operator_secret_file;
        let operator_secret = if file.as_os_str().is_empty() {
            None
        } else {
            Some(Arc::new(std::fs::read_to_string(file)?.trim().to_owned().into()))
        };
        let state = State {
            signer: parts.keys.signer(IDENTITY)?,
            verifier: parts.keys.verifier()?,
            wake: parts.wake,
            hash_key: parts.keys.hash(Self::NAME)?,
            limits: settings.limits,
            hasher: Hasher::start()?,
            db: parts.db,
            clock: parts.clock,
            audit: parts.audit,
            seal: parts.seal.clone(),
            operator_secret,
        };
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
            ],
        })
    }
}
