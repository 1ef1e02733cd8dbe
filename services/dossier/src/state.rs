//! The state that all handlers of dossier share.

use chassis::{Clock, seal::SealKeys};
use store::{Db, audit::Audit, service::Parts};

/// The database, clock, seal keys and audit trail of the handlers. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) seal: SealKeys,
    pub(crate) audit: Audit,
}

impl State {
    /// Builds the state of a service that starts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { db: parts.db, clock: parts.clock, seal: parts.seal, audit: parts.audit }
    }
}
