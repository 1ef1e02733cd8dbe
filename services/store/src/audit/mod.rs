//! The audit trail (NEN 7513): who did what with whose data, when, on what ground, with what outcome.
//!
//! An answer leaves only after its record is durable: without a record, there is no data. Records are written
//! in group commits by a database role that can only insert. They are hashed into one chain per organisation,
//! day and writer; `VerifyAudit` checks the chains.

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

/// One access to be recorded.
#[derive(Clone, Debug)]
pub struct Access {
    /// The Ctx of the access: caller, organisation and time.
    pub ctx: Ctx,
    /// The client whose dossier was accessed; `None` if the method is about no client.
    pub client: Option<ClientId>,
    /// The part of the dossier.
    pub section: Section,
    /// The method that was called, as `package.Service/Method`.
    pub method: String,
    /// How the access ended.
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
