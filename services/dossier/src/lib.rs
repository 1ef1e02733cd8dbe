#![doc = include_str!("../README.md")]

mod client;
mod error;
mod import;
mod report;
mod rpc;

use chassis::{Clock, seal::SealKeys};
use proto::dossier::v1::dossier_service_server::DossierServiceServer;
use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    Db,
    audit::Audit,
    consumer::Consumer,
    organisation::KeepSettings,
    service::{BoxError, Built, Parts, Service},
};
use tonic::service::Routes;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service.
pub struct Dossier;

/// Dossier has no settings of its own yet.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {}

/// What every RPC has at hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct State {
    db: Db,
    clock: Clock,
    seal: SealKeys,
    audit: Audit,
}

impl Service for Dossier {
    const NAME: &'static str = "dossier";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn build(parts: Parts, _settings: Settings) -> Result<Built, BoxError> {
        let state = State { db: parts.db, clock: parts.clock, seal: parts.seal, audit: parts.audit };
        Ok(Built {
            routes: Routes::new(DossierServiceServer::new(state)),
            consumers: vec![Consumer::of_event(Self::NAME, KeepSettings)],
            due: Vec::new(),
        })
    }
}
