//! The audit trail (NEN 7513): who did what with whose data, when, on what ground, with what outcome.
//!
//! No record, no data: an answer waits until its record is durable. Records are written in group commits by a role
//! that can only add, and hashed into a chain per organisation, day and writer; `VerifyAudit` checks the chains.

mod chain;
mod layer;
mod rpc;
mod verify;
mod writer;

use chassis::{Ctx, id::ClientId};
use jiff::Timestamp;
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, Actor},
};

pub use layer::{AuditLayer, Subject};
pub use rpc::AuditRpc;
pub use writer::Audit;

/// One access.
#[derive(Clone, Debug)]
pub struct Access {
    /// On whose behalf.
    pub ctx: Ctx,
    /// Whose dossier; `None` where it is about no client.
    pub client: Option<ClientId>,
    /// The part of the dossier.
    pub section: Section,
    /// The method that was called, as `package.Service/Method`.
    pub method: String,
    /// How it ended.
    pub outcome: AccessOutcome,
}

impl Access {
    fn actor(&self) -> &Actor {
        &self.ctx.actor
    }

    fn at(&self) -> Timestamp {
        self.ctx.now
    }
}
