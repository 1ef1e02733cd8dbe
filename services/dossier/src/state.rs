//! The state that all handlers of dossier share.

use chassis::{Clock, seal::SealKeys};
use store::{Db, audit::Audit, service::Parts};

use crate::record::Freshness;

/// The database, clock, seal keys, audit trail and kept answers of the handlers. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) seal: SealKeys,
    pub(crate) audit: Audit,
    pub(crate) freshness: Freshness,
}

impl State {
    /// Builds the state of a service that starts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            db: parts.db,
            clock: parts.clock,
            seal: parts.seal,
            audit: parts.audit,
            freshness: Freshness::new(),
        }
    }
}
