//! The columns of intents and records: one statement inserts many rows.

use chassis::id::{ClientId, OrganisationId};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Access, chain::HashInput};

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

/// The place of a record in its chain, and the event that tells of the record.
pub(super) struct Told {
    pub(super) writer: Uuid,
    pub(super) day: Date,
    pub(super) sequence: i64,
    pub(super) event: Uuid,
}

impl Told {
    pub(super) fn hash_input<'a>(&self, access: &'a Access) -> HashInput<'a> {
        HashInput {
            organisation: access.ctx.organisation.uuid(),
            writer: self.writer,
            sequence: self.sequence,
            record: access.record,
            event: self.event,
            client: access.client.map(ClientId::uuid),
            recorded_at: access.at(),
            actor_kind: access.actor().kind,
            section: access.section.into(),
            outcome: access.outcome.into(),
            texts: [
                &access.actor().id,
                &access.ctx.person.name,
                &access.ctx.person.relation,
                &access.ctx.person.ground,
                &access.ctx.person.impersonator,
                &access.method,
                &access.ctx.correlation_id,
                &access.object.kind,
                &access.object.id,
            ],
        }
    }
}

/// The statement that inserts `NewRecords`, after these common table expressions with these values.
macro_rules! insert_records {
    ($new:expr, $expressions:tt $(, $($values:tt)+)?) => {
        sqlx::query!(
            $expressions
                + "INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, client_id,
                       recorded_at, actor_kind, actor_id, person_name, person_relation, person_ground,
                       section, method, outcome, correlation_id, hash, person_impersonator, object_kind,
                       object_id, event_id)
                   SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::uuid[],
                       $6::uuid[], $7::timestamptz[], $8::integer[], $9::text[], $10::text[], $11::text[],
                       $12::text[], $13::integer[], $14::text[], $15::integer[], $16::text[], $17::bytea[],
                       $18::text[], $19::text[], $20::text[], $21::uuid[])",
            &$new.rows.organisation,
            &$new.writer,
            &$new.day as _,
            &$new.sequence,
            &$new.rows.record,
            &$new.rows.client as &[Option<Uuid>],
            &$new.rows.at as _,
            &$new.rows.actor_kind,
            &$new.rows.actor,
            &$new.rows.name,
            &$new.rows.relation,
            &$new.rows.ground,
            &$new.rows.section,
            &$new.rows.method,
            &$new.outcome,
            &$new.rows.correlation,
            &$new.hash,
            &$new.rows.impersonator,
            &$new.rows.object_kind,
            &$new.rows.object,
            &$new.told_by,
            $($($values)+)?
        )
    };
}

/// The columns of records, their intents and the events that will tell of them, for one statement.
#[derive(Default)]
pub(super) struct NewRecords {
    rows: Rows,
    writer: Vec<Uuid>,
    day: Vec<jiff_sqlx::Date>,
    sequence: Vec<i64>,
    outcome: Vec<i32>,
    hash: Vec<Vec<u8>>,
    told_by: Vec<Uuid>,
    intent: Vec<Uuid>,
    intent_organisation: Vec<Uuid>,
    untold: Untold,
}

/// The columns of the events that will tell of records.
#[derive(Default)]
struct Untold {
    organisation: Vec<Uuid>,
    event: Vec<Uuid>,
    writer: Vec<Uuid>,
    day: Vec<jiff_sqlx::Date>,
    after: Vec<i64>,
}

impl NewRecords {
    pub(super) fn push(&mut self, access: &Access, told: &Told, hash: &[u8]) {
        self.rows.push(access);
        self.writer.push(told.writer);
        self.day.push(told.day.to_sqlx());
        self.sequence.push(told.sequence);
        self.outcome.push(access.outcome.into());
        self.hash.push(hash.to_vec());
        self.told_by.push(told.event);
        if access.has_intent {
            self.intent.push(access.record);
            self.intent_organisation.push(access.ctx.organisation.uuid());
        }
    }

    /// The records from here on, of this chain, are told by another event.
    pub(super) fn push_untold(&mut self, organisation: OrganisationId, first: &Told) {
        self.untold.organisation.push(organisation.uuid());
        self.untold.event.push(first.event);
        self.untold.writer.push(first.writer);
        self.untold.day.push(first.day.to_sqlx());
        self.untold.after.push(first.sequence - 1);
    }

    /// The days of the records.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> {
        self.day.iter().map(|day| day.to_jiff())
    }

    /// Inserts the records in one statement. The plain statement serves most groups: that with intents and events
    /// costs Postgres a third more.
    pub(super) async fn insert(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.intent.is_empty() && self.untold.event.is_empty() {
            insert_records!(self, "").execute(connection).await?;
            return Ok(());
        }
        insert_records!(
            self,
            "WITH untold AS (
                 INSERT INTO audit_untold (organisation_id, event_id, writer_id, day, after_sequence)
                 SELECT * FROM unnest($22::uuid[], $23::uuid[], $24::uuid[], $25::date[], $26::bigint[])
             ), done AS (
                 DELETE FROM audit_intent WHERE (organisation_id, record_id) IN
                     (SELECT * FROM unnest($27::uuid[], $28::uuid[]))
             ) ",
            &self.untold.organisation,
            &self.untold.event,
            &self.untold.writer,
            &self.untold.day as _,
            &self.untold.after,
            &self.intent_organisation,
            &self.intent,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
