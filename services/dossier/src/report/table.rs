//! The SQL of reports.

use std::collections::{HashMap, HashSet};

use chassis::{Ctx, id::ClientId};
use futures::FutureExt;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::dossier::v1::{ReportKind, UpsertOutcome};
use store::{Db, StoreError, Tx, page::Keyset};
use uuid::Uuid;

use super::{Content, Incoming, Period, Report, ReportId};

/// The result of upserting one report of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// The table holds the report under this id, changed or not.
    Accepted(ReportId, UpsertOutcome),
    /// The report is in the dossier of another client; nothing was changed.
    ClientDiffers,
}

/// Adds reports, or changes stored reports of an older version, in one statement. Each origin may occur only
/// once, because one statement cannot change a row twice.
pub async fn upsert(tx: &mut Tx, reports: &[(ClientId, &Incoming)]) -> Result<Vec<Upserted>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let column = |value: fn(&Incoming) -> String| -> Vec<String> {
        reports.iter().map(|(_, report)| value(report)).collect()
    };
    let ids: Vec<Uuid> = reports.iter().map(|(_, report)| report.id.uuid()).collect();
    let clients: Vec<Uuid> = reports.iter().map(|(client, _)| client.uuid()).collect();
    let sources = column(|report| report.origin.source.clone());
    let external_ids = column(|report| report.origin.external_id.clone());
    let versions: Vec<i64> = reports.iter().map(|(_, report)| report.origin.version).collect();
    let texts = column(|report| report.content.text.clone());
    let authors = column(|report| report.content.author.clone());
    let roles = column(|report| report.content.author_role.clone());
    let written: Vec<jiff_sqlx::Timestamp> =
        reports.iter().map(|(_, report)| Timestamp::to_sqlx(report.content.written_at)).collect();
    let kinds: Vec<i32> = reports.iter().map(|(_, report)| report.content.kind.into()).collect();
    let written = sqlx::query_scalar!(
        "INSERT INTO report AS r (organisation_id, id, client_id, source, external_id, version, text, author,
             author_role, written_at, kind)
         SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[],
             $8::text[], $9::text[], $10::timestamptz[], $11::integer[])
         ON CONFLICT (organisation_id, source, external_id) DO UPDATE
         SET version = excluded.version, text = excluded.text, author = excluded.author,
             author_role = excluded.author_role, written_at = excluded.written_at, kind = excluded.kind
         WHERE r.version < excluded.version AND r.client_id = excluded.client_id
         RETURNING id",
        organisation,
        &ids,
        &clients,
        &sources,
        &external_ids,
        &versions,
        &texts,
        &authors,
        &roles,
        &written as _,
        &kinds,
    )
    .fetch_all(tx.connection())
    .await?;
    let written: HashSet<Uuid> = written.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT r.source, r.external_id, r.id, r.client_id
         FROM unnest($2::text[], $3::text[]) AS o (source, external_id)
         JOIN report r ON r.organisation_id = $1 AND r.source = o.source AND r.external_id = o.external_id",
        organisation,
        &sources,
        &external_ids,
    )
    .fetch_all(tx.connection())
    .await?;
    let stored: HashMap<_, _> =
        rows.into_iter().map(|row| ((row.source, row.external_id), (row.id, row.client_id))).collect();
    Ok(reports
        .iter()
        .map(|(client, report)| {
            let key = (report.origin.source.clone(), report.origin.external_id.clone());
            match stored.get(&key) {
                Some((id, owner)) if *owner == client.uuid() => {
                    let outcome = match (written.contains(id), *id == report.id.uuid()) {
                        (true, true) => UpsertOutcome::Created,
                        (true, false) => UpsertOutcome::Updated,
                        (false, _) => UpsertOutcome::Unchanged,
                    };
                    Upserted::Accepted(ReportId(*id), outcome)
                }
                _ => Upserted::ClientDiffers,
            }
        })
        .collect())
}

/// One page of a client's reports, newest first. The page has `size + 1` reports when there are older ones:
/// the extra report says that a next page exists.
pub async fn list(
    db: &Db,
    ctx: &Ctx,
    client: ClientId,
    period: Period,
    after: Option<Keyset>,
    size: i64,
) -> Result<Vec<Report>, StoreError> {
    // An open side of the period becomes a moment before or after all reports, so that one prepared statement
    // serves every period.
    let (first, last) = (Timestamp::constant(-2_300_000_000, 0), Timestamp::constant(7_300_000_000, 0));
    let after = after.unwrap_or(Keyset { at: last, id: Uuid::max() });
    let rows = db
        .read(|connection| {
            sqlx::query!(
                "SELECT r.* FROM zp_enter($1, $2) AS tenant CROSS JOIN LATERAL (
                     SELECT id, text, author, author_role, written_at, kind FROM report
                     WHERE organisation_id = tenant AND client_id = $3 AND written_at >= $4 AND written_at < $5
                         AND (written_at, id) < ($6, $7)
                     ORDER BY written_at DESC, id DESC LIMIT $8
                 ) AS r ORDER BY written_at DESC, id DESC",
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
                client.uuid(),
                period.from.unwrap_or(first).to_sqlx() as _,
                period.before.unwrap_or(last).to_sqlx() as _,
                after.at.clamp(first, last).to_sqlx() as _,
                after.id,
                size + 1,
            )
            .fetch_all(connection)
            .boxed()
        })
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Report {
            id: ReportId(row.id),
            client,
            content: Content {
                text: row.text,
                author: row.author,
                author_role: row.author_role,
                written_at: row.written_at.to_jiff(),
                kind: ReportKind::try_from(row.kind).unwrap_or_default(),
            },
        })
        .collect())
}

/// Finds a report by its id.
pub async fn find(db: &Db, ctx: &Ctx, id: ReportId) -> Result<Option<Report>, StoreError> {
    let row = db
        .read(|connection| {
            sqlx::query!(
                "SELECT r.* FROM zp_enter($1, $2) AS tenant CROSS JOIN LATERAL (
                     SELECT client_id, text, author, author_role, written_at, kind FROM report
                     WHERE organisation_id = tenant AND id = $3 LIMIT 1
                 ) AS r",
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
                id.uuid(),
            )
            .fetch_optional(connection)
            .boxed()
        })
        .await?;
    Ok(row.map(|row| Report {
        id,
        client: ClientId(row.client_id),
        content: Content {
            text: row.text,
            author: row.author,
            author_role: row.author_role,
            written_at: row.written_at.to_jiff(),
            kind: ReportKind::try_from(row.kind).unwrap_or_default(),
        },
    }))
}
