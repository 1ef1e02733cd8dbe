//! What every handler of dossier has at hand.

use chassis::{Clock, seal::SealKeys};
use store::{Db, audit::Audit, service::Parts};

/// What every RPC has at hand. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) seal: SealKeys,
    pub(crate) audit: Audit,
}

impl State {
    /// The state of a service that starts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { db: parts.db, clock: parts.clock, seal: parts.seal, audit: parts.audit }
    }
}
