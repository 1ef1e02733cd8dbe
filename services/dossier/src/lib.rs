#![doc = include_str!("../README.md")]

mod client;
mod error;
mod import;
mod kinds;
mod record;
mod rpc;
mod state;

use jiff::Timestamp;
use proto::dossier::v1::dossier_service_server::DossierServiceServer;
use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    Db,
    consumer::Consumer,
    organisation::SaveSettings,
    service::{BoxError, Built, Parts, Service},
};
use tonic::service::Routes;

use crate::state::State;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The dossier service.
pub struct Dossier;

/// Dossier has no settings of its own yet.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {}

impl Service for Dossier {
    const NAME: &'static str = "dossier";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn reindex(db: Db, now: Timestamp) -> impl Future<Output = Result<u64, BoxError>> + Send {
        record::reindex(db, now)
    }

    fn build(parts: Parts, _settings: Settings) -> Result<Built, BoxError> {
        Ok(Built {
            routes: Routes::new(
                DossierServiceServer::new(State::new(parts))
                    .max_decoding_message_size(import::MAX_RECORD_SIZE),
            ),
            consumers: vec![Consumer::of_event(Self::NAME, SaveSettings)],
            due: Vec::new(),
        })
    }
}
