//! The audit trail (NEN 7513): who did what with whose data, when, on what ground, with what outcome.
//!
//! An answer leaves only after its record is durable: without a record, there is no data. Records are written
//! in group commits by a database role that can only insert. They are hashed into one chain per organisation,
//! day and writer; `VerifyAudit` checks the chains. Events tell of the records within half a second.

mod chain;
mod export;
mod intent;
mod layer;
mod probe;
mod rows;
mod rpc;
mod stored;
mod tell;
mod verify;
mod writer;

use chassis::{
    Ctx,
    call::{Call, Object},
    id::ClientId,
    time,
};
use jiff::Timestamp;
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, AccessPerson, AccessRecord, Actor},
};
use uuid::Uuid;

pub use export::{ExportError, export_month};
pub(crate) use intent::insert as insert_intents;
pub use intent::record_left_intents;
pub use layer::AuditLayer;
pub use probe::takes_records;
pub use rpc::AuditRpc;
pub use writer::Audit;

/// One access to be recorded.
#[derive(Clone, Debug)]
pub struct Access {
    /// The id of the record.
    pub record: Uuid,
    /// The Ctx of the access: caller, organisation and time.
    pub ctx: Ctx,
    /// The client whose dossier was accessed; `None` if the method is about no client.
    pub client: Option<ClientId>,
    /// The thing that the call was about, beside the client.
    pub object: Object,
    /// The part of the dossier.
    pub section: Section,
    /// The method that was called, as `package.Service/Method`.
    pub method: String,
    /// How the access ended.
    pub outcome: AccessOutcome,
    /// Whether a transaction has committed the intent of this record: recording the access deletes the intent.
    pub has_intent: bool,
}

impl Access {
    /// The access of a call, as far as its handler has noted what it is about.
    #[must_use]
    pub(crate) fn of_call(ctx: &Ctx, call: &Call, outcome: AccessOutcome) -> Self {
        let subject = call.subject();
        let mut ctx = ctx.clone();
        ctx.organisation = subject.organisation.unwrap_or(ctx.organisation);
        if let Some((actor, person)) = subject.actor {
            (ctx.actor, ctx.person) = (actor, person);
        }
        Self {
            record: call.record,
            client: subject.client.or(ctx.client),
            object: subject.object,
            section: call.rule.section(),
            method: call.rule.path.trim_start_matches('/').to_owned(),
            outcome: if subject.is_denied { AccessOutcome::Denied } else { outcome },
            has_intent: subject.has_intent,
            ctx,
        }
    }

    fn actor(&self) -> &Actor {
        &self.ctx.actor
    }

    fn at(&self) -> Timestamp {
        self.ctx.now
    }

    /// The part of a record that every reader of the event may see.
    fn public(&self) -> AccessRecord {
        AccessRecord {
            record_id: self.record.to_string(),
            client_id: self.client.map(|client| client.to_string()).unwrap_or_default(),
            actor: Some(self.actor().clone()),
            section: self.section.into(),
            method: self.method.clone(),
            recorded_at: Some(time::to_proto(self.at())),
            outcome: self.outcome.into(),
            object_kind: self.object.kind.clone(),
            object_id: self.object.id.clone(),
        }
    }

    /// The part of a record that only dossier may see.
    fn person(&self) -> AccessPerson {
        AccessPerson {
            name: self.ctx.person.name.clone(),
            relation: self.ctx.person.relation.clone(),
            ground: self.ctx.person.ground.clone(),
            impersonator: self.ctx.person.impersonator.clone(),
        }
    }
}
