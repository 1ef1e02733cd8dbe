//! The SQL that reads records. Three statements list them, each with its own index: by section, by code, and over the
//! sections for the timeline.

use chassis::{Ctx, id::ClientId};
use futures::FutureExt;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::{access::v1::Section, dossier::v1::Content};
use store::{Db, StoreError, page::Keyset};
use uuid::Uuid;

use super::{Found, RecordId, Sources, Stored, content, period::Period};
use crate::client::Origin;

/// What to list of the chosen client.
pub struct Page {
    /// The client.
    pub client: ClientId,
    /// The section; `Timeline`: all that the person may view.
    pub section: Section,
    /// The code; empty: all records of the section.
    pub code: String,
    /// The period in which the records begin.
    pub period: Period,
    /// The period in which the records end.
    pub ends: Period,
    /// The last record of the page before; `None`: the first page.
    pub after: Option<Keyset>,
    /// The number of records.
    pub size: i64,
}

/// Before and after all records: an open side of a period becomes one of these moments, so that one prepared statement
/// serves every period.
const ALWAYS: (Timestamp, Timestamp) =
    (Timestamp::constant(-2_300_000_000, 0), Timestamp::constant(7_300_000_000, 0));

/// Runs the statement that lists records on which `$filter` holds, too. `$13` is the first argument of the filter.
macro_rules! list {
    ($db:expr, $ctx:expr, $page:expr, $filter:literal $(, $argument:expr)*) => {{
        let (page, ctx): (&Page, &Ctx) = ($page, $ctx);
        let after = page.after.unwrap_or(Keyset { at: ALWAYS.1, id: Uuid::max() });
        let rows = $db
            .read(|connection| {
                sqlx::query!(
                    "SELECT r.* FROM zp_enter($1, $2, $3, $4) AS tenant CROSS JOIN LATERAL (
                         SELECT id, section, source, at, ends_at, changed_at, content FROM record
                         WHERE organisation_id = tenant AND client_id = $5 AND at >= $6 AND at < $7
                             AND ends_at >= $8 AND ends_at < $9 AND (at, id) < ($10, $11)" + $filter + "
                         ORDER BY at DESC, id DESC LIMIT $12
                     ) AS r ORDER BY at DESC, id DESC",
                    ctx.organisation.uuid(),
                    ctx.client.map(ClientId::uuid) as _,
                    ctx.sections() as _,
                    ctx.since.map(Timestamp::to_sqlx) as _,
                    page.client.uuid(),
                    page.period.from.unwrap_or(ALWAYS.0).to_sqlx() as _,
                    page.period.before.unwrap_or(ALWAYS.1).to_sqlx() as _,
                    page.ends.from.unwrap_or(ALWAYS.0).to_sqlx() as _,
                    page.ends.before.unwrap_or(ALWAYS.1).to_sqlx() as _,
                    after.at.clamp(ALWAYS.0, ALWAYS.1).to_sqlx() as _,
                    after.id,
                    page.size + 1
                    $(, $argument)*
                )
                .fetch_all(connection)
                .boxed()
            })
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Stored {
                    id: RecordId(row.id),
                    section: Section::try_from(row.section).unwrap_or_default(),
                    source: row.source,
                    at: row.at.to_jiff(),
                    ends_at: row.ends_at.to_jiff(),
                    changed_at: row.changed_at.to_jiff(),
                    content: row.content.as_deref().map(content::decode).transpose()?,
                })
            })
            .collect()
    }};
}

/// One page of a client's records, newest first. The page has `size + 1` records when there are older ones: the extra
/// record says that a next page exists.
pub async fn list(db: &Db, ctx: &Ctx, page: &Page) -> Result<Vec<Stored>, StoreError> {
    let section = i32::from(page.section);
    match (page.section, page.code.as_str()) {
        (Section::Timeline, _) => list!(db, ctx, page, " AND section > 0"),
        (_, "") => list!(db, ctx, page, " AND section = $13", section),
        (_, code) => list!(db, ctx, page, " AND section = $13 AND code = $14 AND code <> ''", section, code),
    }
}

/// Whether what a record tells of has ended by now, as a period of its end.
#[must_use]
pub const fn ends(is_over: Option<bool>, now: Timestamp) -> Period {
    match is_over {
        None => Period { from: None, before: None },
        Some(false) => Period { from: Some(now), before: None },
        Some(true) => Period { from: None, before: Some(now) },
    }
}

/// The number of records of the section, from the page's first day on, that were not retracted: at most 100.
pub async fn count(db: &Db, ctx: &Ctx, page: &Page) -> Result<i64, StoreError> {
    let row = db
        .read(|connection| {
            sqlx::query!(
                r#"SELECT r.count AS "count!" FROM zp_enter($1, $2, $3, $4) AS tenant CROSS JOIN LATERAL (
                     SELECT count(*) FROM (
                         SELECT FROM record WHERE organisation_id = tenant AND client_id = $5 AND section = $6
                             AND at >= $7 AND retracted_at IS NULL LIMIT 100
                     ) AS counted
                 ) AS r"#,
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
                ctx.sections() as _,
                ctx.since.map(Timestamp::to_sqlx) as _,
                page.client.uuid(),
                i32::from(page.section),
                page.period.from.unwrap_or(ALWAYS.0).to_sqlx() as _,
            )
            .fetch_one(connection)
            .boxed()
        })
        .await?;
    Ok(row.count)
}

/// The codes of the section's records, in their order, each with the newest content that has the code: at most 100.
pub async fn codes(db: &Db, ctx: &Ctx, page: &Page) -> Result<Vec<(String, Content)>, StoreError> {
    let rows = db
        .read(|connection| {
            // Each step looks the next code up in the index: a client has few codes and many records.
            sqlx::query!(
                r#"SELECT r.code AS "code!", r.content AS "content!"
                 FROM zp_enter($1, $2, $3, $4) AS tenant CROSS JOIN LATERAL (
                     WITH RECURSIVE found AS (
                         (SELECT code FROM record WHERE organisation_id = tenant AND client_id = $5 AND section = $6
                             AND code <> '' AND content IS NOT NULL ORDER BY code LIMIT 1)
                         UNION ALL
                         SELECT (SELECT n.code FROM record AS n WHERE n.organisation_id = tenant
                             AND n.client_id = $5 AND n.section = $6 AND n.code <> '' AND n.code > found.code
                             AND n.content IS NOT NULL ORDER BY n.code LIMIT 1)
                         FROM found WHERE found.code IS NOT NULL
                     )
                     SELECT found.code, newest.content FROM found CROSS JOIN LATERAL (
                         SELECT content FROM record WHERE organisation_id = tenant AND client_id = $5
                             AND section = $6 AND code <> '' AND code = found.code AND content IS NOT NULL
                         ORDER BY at DESC, id DESC LIMIT 1
                     ) AS newest LIMIT 100
                 ) AS r ORDER BY r.code"#,
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
                ctx.sections() as _,
                ctx.since.map(Timestamp::to_sqlx) as _,
                page.client.uuid(),
                i32::from(page.section),
            )
            .fetch_all(connection)
            .boxed()
        })
        .await?;
    rows.into_iter().map(|row| Ok((row.code, content::decode(&row.content)?))).collect()
}

/// The organisation's sources, by name, each with the time at which it last sent something.
pub async fn sources(db: &Db, ctx: &Ctx) -> Result<Sources, StoreError> {
    let rows = db
        .read(|connection| {
            sqlx::query!(
                "SELECT r.* FROM zp_enter($1, $2) AS tenant CROSS JOIN LATERAL (
                     SELECT source, seen_at FROM source_seen WHERE organisation_id = tenant ORDER BY source LIMIT 20
                 ) AS r ORDER BY source",
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
            )
            .fetch_all(connection)
            .boxed()
        })
        .await?;
    Ok(rows.into_iter().map(|row| (row.source, row.seen_at.to_jiff())).collect())
}

/// Finds a record by its id.
pub async fn find(db: &Db, ctx: &Ctx, id: RecordId) -> Result<Option<Found>, StoreError> {
    let row = db
        .read(|connection| {
            sqlx::query!(
                "SELECT r.* FROM zp_enter($1, $2, $3, $4) AS tenant CROSS JOIN LATERAL (
                     SELECT client_id, section, source, external_id, version, at, ends_at, changed_at, content
                     FROM record WHERE organisation_id = tenant AND id = $5 LIMIT 1
                 ) AS r",
                ctx.organisation.uuid(),
                ctx.client.map(ClientId::uuid) as _,
                ctx.sections() as _,
                ctx.since.map(Timestamp::to_sqlx) as _,
                id.uuid(),
            )
            .fetch_optional(connection)
            .boxed()
        })
        .await?;
    row.map(|row| {
        Ok(Found {
            record: Stored {
                id,
                section: Section::try_from(row.section).unwrap_or_default(),
                source: row.source.clone(),
                at: row.at.to_jiff(),
                ends_at: row.ends_at.to_jiff(),
                changed_at: row.changed_at.to_jiff(),
                content: row.content.as_deref().map(content::decode).transpose()?,
            },
            client: ClientId(row.client_id),
            origin: Origin { source: row.source, external_id: row.external_id, version: row.version },
        })
    })
    .transpose()
}
