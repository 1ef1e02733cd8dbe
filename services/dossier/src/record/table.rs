//! The SQL that writes records.

use std::collections::{HashMap, HashSet};

use chassis::id::ClientId;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use proto::{access::v1::Section, dossier::v1::UpsertOutcome};
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Incoming, PORTAL, RecordId};
use crate::{client::Origin, kinds::Facts};

/// The result of upserting one record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// The table holds the record under this id, changed or not.
    Accepted(RecordId, UpsertOutcome),
    /// The record is in the dossier of another client; nothing was changed.
    ClientDiffers,
}

/// Adds records, or changes stored records of an older version, in one statement. Each origin may occur only once within
/// its section, because one statement cannot change a row twice.
pub async fn upsert(tx: &mut Tx, records: &[(ClientId, &Incoming)]) -> Result<Vec<Upserted>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let time = |value: fn(&Incoming) -> Timestamp| -> Vec<jiff_sqlx::Timestamp> {
        records.iter().map(|(_, record)| value(record).to_sqlx()).collect()
    };
    let text = |value: fn(&Incoming) -> &String| -> Vec<String> {
        records.iter().map(|(_, record)| value(record).clone()).collect()
    };
    let ids: Vec<Uuid> = records.iter().map(|(_, record)| record.id.uuid()).collect();
    let clients: Vec<Uuid> = records.iter().map(|(client, _)| client.uuid()).collect();
    let sections: Vec<i32> = records.iter().map(|(_, record)| record.section.into()).collect();
    let sources = text(|record| &record.origin.source);
    let external_ids = text(|record| &record.origin.external_id);
    let versions: Vec<i64> = records.iter().map(|(_, record)| record.origin.version).collect();
    let (begins, ends) = (time(|record| record.facts.at), time(|record| record.facts.ends_at));
    let codes = text(|record| &record.facts.code);
    let contents: Vec<Vec<u8>> = records.iter().map(|(_, record)| record.content.clone()).collect();
    let written = sqlx::query_scalar!(
        "INSERT INTO record AS r (organisation_id, changed_at, id, client_id, section, source, external_id, version,
             at, ends_at, code, content)
         SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::text[], $8::bigint[],
             $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bytea[])
         ON CONFLICT (organisation_id, section, source, external_id) DO UPDATE
         SET version = excluded.version, at = excluded.at, ends_at = excluded.ends_at, code = excluded.code,
             content = excluded.content, changed_at = excluded.changed_at, retracted_at = NULL
         WHERE r.version < excluded.version AND r.client_id = excluded.client_id
         RETURNING id",
        organisation,
        now as _,
        &ids,
        &clients,
        &sections,
        &sources,
        &external_ids,
        &versions,
        &begins as _,
        &ends as _,
        &codes,
        &contents,
    )
    .fetch_all(tx.connection())
    .await?;
    let written: HashSet<Uuid> = written.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT r.section, r.source, r.external_id, r.id, r.client_id
         FROM unnest($2::integer[], $3::text[], $4::text[]) AS o (section, source, external_id)
         JOIN record r ON r.organisation_id = $1 AND r.section = o.section AND r.source = o.source
             AND r.external_id = o.external_id",
        organisation,
        &sections,
        &sources,
        &external_ids,
    )
    .fetch_all(tx.connection())
    .await?;
    let stored: HashMap<_, _> = rows
        .into_iter()
        .map(|row| ((row.section, row.source, row.external_id), (row.id, row.client_id)))
        .collect();
    Ok(records
        .iter()
        .map(|(client, record)| {
            let Origin { source, external_id, .. } = record.origin.clone();
            match stored.get(&(i32::from(record.section), source, external_id)) {
                Some((id, owner)) if *owner == client.uuid() => {
                    let outcome = match (written.contains(id), *id == record.id.uuid()) {
                        (true, true) => UpsertOutcome::Created,
                        (true, false) => UpsertOutcome::Updated,
                        (false, _) => UpsertOutcome::Unchanged,
                    };
                    Upserted::Accepted(RecordId(*id), outcome)
                }
                _ => Upserted::ClientDiffers,
            }
        })
        .collect())
}

/// Notes that the sources of these records have sent something now.
pub async fn mark_sources(tx: &mut Tx, records: &[(ClientId, &Incoming)]) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let sources: HashSet<String> = records.iter().map(|(_, record)| record.origin.source.clone()).collect();
    // In one order, so that two batches do not wait for each other in a circle.
    let mut sources: Vec<String> = sources.into_iter().collect();
    sources.sort();
    sqlx::query!(
        "INSERT INTO source_seen AS s (organisation_id, source, seen_at)
         SELECT $1, source, $3 FROM unnest($2::text[]) AS o (source)
         ON CONFLICT (organisation_id, source) DO UPDATE SET seen_at = greatest(s.seen_at, excluded.seen_at)",
        organisation,
        &sources,
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A retraction: the record's id and client, and whether the record was changed by it.
pub struct Retracted {
    /// The record's id.
    pub id: RecordId,
    /// The client whose dossier holds the record.
    pub client: ClientId,
    /// Whether the record was changed: false where this version or a newer one was stored already.
    pub is_changed: bool,
}

/// Blanks the content of a record of an older version. `None`: there is no such record.
pub async fn retract(
    tx: &mut Tx,
    section: Section,
    origin: &Origin,
) -> Result<Option<Retracted>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let changed = sqlx::query!(
        "UPDATE record SET content = NULL, retracted_at = $5, changed_at = $5, version = $6
         WHERE organisation_id = $1 AND section = $2 AND source = $3 AND external_id = $4 AND version < $6
         RETURNING id, client_id",
        organisation,
        i32::from(section),
        origin.source,
        origin.external_id,
        now as _,
        origin.version,
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(row) = changed {
        return Ok(Some(Retracted {
            id: RecordId(row.id),
            client: ClientId(row.client_id),
            is_changed: true,
        }));
    }
    let stored = sqlx::query!(
        "SELECT id, client_id FROM record
         WHERE organisation_id = $1 AND section = $2 AND source = $3 AND external_id = $4",
        organisation,
        i32::from(section),
        origin.source,
        origin.external_id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(stored.map(|row| Retracted {
        id: RecordId(row.id),
        client: ClientId(row.client_id),
        is_changed: false,
    }))
}

/// The number of reports that were written in the portal for this client within the day before now.
pub async fn count_own(tx: &mut Tx, client: ClientId) -> Result<i64, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM record
         WHERE organisation_id = $1 AND client_id = $2 AND section = $3 AND at > $4 AND source = $5"#,
        organisation,
        client.uuid(),
        i32::from(Section::Reports),
        (now - SignedDuration::from_hours(24)).to_sqlx() as _,
        PORTAL,
    );
    Ok(count.fetch_one(tx.connection()).await?)
}

/// Up to 500 records with content, after this one, for a new judgement, locked until the commit: their ids, contents, and times and codes.
pub async fn page_of_all(tx: &mut Tx, after: Uuid) -> Result<Vec<(Uuid, Vec<u8>, Facts)>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query!(
        r#"SELECT id, content AS "content!", at, ends_at, code FROM record
         WHERE organisation_id = $1 AND id > $2 AND content IS NOT NULL ORDER BY id LIMIT 500 FOR UPDATE"#,
        organisation,
        after,
    )
    .fetch_all(tx.connection())
    .await?;
    let facts = |at: jiff_sqlx::Timestamp, ends_at: jiff_sqlx::Timestamp, code| Facts {
        at: at.to_jiff(),
        ends_at: ends_at.to_jiff(),
        code,
    };
    Ok(rows.into_iter().map(|row| (row.id, row.content, facts(row.at, row.ends_at, row.code))).collect())
}

/// Stores the times and the code of a record anew.
pub async fn set_facts(tx: &mut Tx, id: Uuid, facts: &Facts) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE record SET at = $3, ends_at = $4, code = $5 WHERE organisation_id = $1 AND id = $2",
        organisation,
        id,
        facts.at.to_sqlx() as _,
        facts.ends_at.to_sqlx() as _,
        facts.code,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
