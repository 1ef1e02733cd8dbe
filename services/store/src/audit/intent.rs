//! Intents: what a transaction commits together with its change, so that no change is without its record.

use chassis::{
    Ctx,
    call::Object,
    id::{ClientId, OrganisationId},
    person::Person,
};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, Actor},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Access, Audit, rows::Rows};
use crate::{Db, StoreError};

/// How long the process that committed an intent has to record the access itself.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// How many intents one round of due work records at most.
const ROUND: i64 = 500;

/// Writes the intents of records within the transaction of the change. A call with several transactions has one
/// intent.
pub(crate) async fn insert(connection: &mut PgConnection, accesses: &[Access]) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    for access in accesses {
        rows.push(access);
    }
    sqlx::query!(
        "INSERT INTO audit_intent (organisation_id, record_id, client_id, recorded_at, actor_kind, actor_id,
             person_name, person_relation, person_ground, person_impersonator, section, method, object_kind,
             object_id, correlation_id)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::integer[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::integer[], $12::text[], $13::text[],
             $14::text[], $15::text[])
         ON CONFLICT DO NOTHING",
        &rows.organisation,
        &rows.record,
        &rows.client as &[Option<Uuid>],
        &rows.at as _,
        &rows.actor_kind,
        &rows.actor,
        &rows.name,
        &rows.relation,
        &rows.ground,
        &rows.impersonator,
        &rows.section,
        &rows.method,
        &rows.object_kind,
        &rows.object,
        &rows.correlation,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records the accesses whose process ended between the commit of the change and the record. Returns their number.
///
/// # Errors
/// When the database cannot be reached, or the trail takes no records.
pub async fn record_left_intents(db: &Db, audit: &Audit, now: Timestamp) -> Result<usize, StoreError> {
    let mut tx = db.as_role("audit").await?;
    let rows = sqlx::query!(
        "SELECT organisation_id, record_id, client_id, recorded_at, actor_kind, actor_id, person_name,
             person_relation, person_ground, person_impersonator, section, method, object_kind, object_id,
             correlation_id
         FROM audit_intent WHERE recorded_at <= $1 ORDER BY recorded_at LIMIT $2",
        (now - PATIENCE).to_sqlx() as _,
        ROUND,
    )
    .fetch_all(&mut *tx)
    .await?;
    drop(tx);
    let left: Vec<Access> = rows
        .into_iter()
        .map(|row| {
            let at = row.recorded_at.to_jiff();
            let ctx = Ctx {
                actor: Actor { kind: row.actor_kind, id: row.actor_id },
                person: Person {
                    name: row.person_name,
                    relation: row.person_relation,
                    ground: row.person_ground,
                    impersonator: row.person_impersonator,
                },
                correlation_id: row.correlation_id,
                ..Ctx::of_service(db.service(), OrganisationId(row.organisation_id), at)
            };
            Access {
                record: row.record_id,
                client: row.client_id.map(ClientId),
                object: Object { kind: row.object_kind, id: row.object_id },
                section: Section::try_from(row.section).unwrap_or_default(),
                method: row.method,
                outcome: AccessOutcome::Unknown,
                has_intent: true,
                ctx,
            }
        })
        .collect();
    let count = left.len();
    // One by one: a record that another process writes at this moment must not keep the others from theirs.
    for access in left {
        audit.record(vec![access]).await?;
    }
    Ok(count)
}
