#![doc = include_str!("../README.md")]

mod account;
mod error;
mod login;
mod on;
mod organisation;
mod password;
mod rpc;
mod session;
mod system_account;

use std::{path::PathBuf, sync::Arc};

use chassis::{
    Clock,
    seal::SealKeys,
    secret::HashKey,
    token::{IDENTITY, Signer},
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
use tonic::service::Routes;

use crate::{on::ClientName, password::Hasher};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service.
pub struct Identity;

/// Identity's own settings.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {
    /// The file that holds the first operator's credential; empty: nobody can act as operator.
    pub operator_secret_file: PathBuf,
}

/// What every RPC has at hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct State {
    db: Db,
    clock: Clock,
    seal: SealKeys,
    audit: Audit,
    signer: Signer,
    hash_key: HashKey,
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
            hash_key: parts.keys.hash(Self::NAME)?,
            hasher: Hasher::start()?,
            db: parts.db,
            clock: parts.clock,
            audit: parts.audit,
            seal: parts.seal.clone(),
            operator_secret,
        };
        Ok(Built {
            routes: Routes::new(IdentityServiceServer::new(state)),
            consumers: vec![
                Consumer::of_event(Self::NAME, ClientName::registered(parts.seal.clone())),
                Consumer::of_event(Self::NAME, ClientName::changed(parts.seal)),
            ],
            due: vec![Box::new(session::Purge)],
        })
    }
}
