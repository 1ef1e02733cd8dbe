//! The columns that intents and records share: one statement inserts many rows.

use chassis::id::ClientId;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use super::Access;

/// The columns of accesses.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) organisation: Vec<Uuid>,
    pub(super) record: Vec<Uuid>,
    pub(super) client: Vec<Option<Uuid>>,
    pub(super) at: Vec<jiff_sqlx::Timestamp>,
    pub(super) actor_kind: Vec<i32>,
    pub(super) actor: Vec<String>,
    pub(super) name: Vec<String>,
    pub(super) relation: Vec<String>,
    pub(super) ground: Vec<String>,
    pub(super) impersonator: Vec<String>,
    pub(super) section: Vec<i32>,
    pub(super) method: Vec<String>,
    pub(super) correlation: Vec<String>,
    pub(super) object_kind: Vec<String>,
    pub(super) object: Vec<String>,
}

impl Rows {
    pub(super) fn push(&mut self, access: &Access) {
        self.organisation.push(access.ctx.organisation.uuid());
        self.record.push(access.record);
        self.client.push(access.client.map(ClientId::uuid));
        self.at.push(access.at().to_sqlx());
        self.actor_kind.push(access.actor().kind);
        self.actor.push(access.actor().id.clone());
        self.name.push(access.ctx.person.name.clone());
        self.relation.push(access.ctx.person.relation.clone());
        self.ground.push(access.ctx.person.ground.clone());
        self.impersonator.push(access.ctx.person.impersonator.clone());
        self.section.push(access.section.into());
        self.method.push(access.method.clone());
        self.correlation.push(access.ctx.correlation_id.clone());
        self.object_kind.push(access.object.kind.clone());
        self.object.push(access.object.id.clone());
    }
}
