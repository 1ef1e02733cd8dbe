//! Checks the event log: every event against its keyed hash, the positions without a gap, and the records that the
//! events name.

use chassis::{Ctx, time};
use jiff::{civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessRecorded, AuditFaultKind, Event, VerifyAuditResponse};
use uuid::Uuid;

use super::found::{add_event_fault, add_fault, is_full};
use crate::{
    Db, Mode, StoreError,
    event::Stream,
    log::{self, Logged},
};

/// The places and hashes of the records that events name.
#[derive(Default)]
struct Named {
    writer: Vec<Uuid>,
    day: Vec<jiff_sqlx::Date>,
    sequence: Vec<i64>,
    record: Vec<Uuid>,
    /// The hash of the last record of an event; of the other records, `None`.
    hash: Vec<Option<Vec<u8>>>,
}

/// Checks the events of the organisation after a position, and all positions of the log up to the last of these
/// events. Returns where to continue; `None` at the end of the log.
pub(super) async fn check(
    db: &Db,
    ctx: &Ctx,
    after: i64,
    page_size: i64,
    found: &mut VerifyAuditResponse,
) -> Result<Option<i64>, StoreError> {
    let mut tx = db.as_role("relay").await?;
    // One view of the log for the statements below, so that an event that is logged meanwhile is no gap.
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(&mut *tx).await?;
    let counter =
        sqlx::query!("SELECT last, first, first_mac FROM event_position").fetch_one(&mut *tx).await?;
    if after == 0 && !log::matches_first(db.trail(), counter.first, &counter.first_mac) {
        add_event_fault(found, counter.first - 1, None, AuditFaultKind::EventMissing);
    }
    let rows = sqlx::query!(
        "SELECT position, event_id, organisation_id, subject, payload, mac FROM event_log
         WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT $3",
        ctx.organisation.uuid(),
        after,
        page_size,
    )
    .fetch_all(&mut *tx)
    .await?;
    let next = rows.last().map(|row| row.position).filter(|_| i64::try_from(rows.len()) == Ok(page_size));
    let from = after.max(counter.first - 1);
    let gaps = sqlx::query!(
        r#"SELECT before AS "before!", position AS "position!" FROM (
             SELECT position, lag(position, 1, $1) OVER (ORDER BY position) AS before FROM (
                 SELECT position FROM event_log WHERE position > $1 AND position <= $2
                 UNION ALL SELECT $2 + 1
             ) AS logged
         ) AS pairs WHERE position > before + 1 LIMIT 100"#,
        from,
        next.unwrap_or(counter.last).max(from),
    )
    .fetch_all(&mut *tx)
    .await?;
    drop(tx);
    for gap in gaps {
        for position in gap.before + 1..gap.position {
            add_event_fault(found, position, None, AuditFaultKind::EventMissing);
            if is_full(found) {
                break;
            }
        }
    }
    let told = Stream::Events.subject(&AccessRecorded::full_name());
    let mut named = Named::default();
    for row in rows {
        let tells = row.subject == told && !row.payload.is_empty();
        let (event, organisation, subject) = (row.event_id, row.organisation_id, row.subject);
        let logged = Logged { event, organisation, subject, payload: row.payload };
        let holds = logged.matches(db.trail(), row.position, &row.mac);
        let read = !tells || !holds || named.push(&logged.payload).is_some();
        if !holds || !read {
            add_event_fault(found, row.position, Some(event), AuditFaultKind::EventChanged);
        }
    }
    named.compare(db, ctx, found).await?;
    Ok(next)
}

impl Named {
    /// Adds the records of an `AccessRecorded`; `None` if the event cannot be read.
    fn push(&mut self, payload: &[u8]) -> Option<()> {
        let batch: AccessRecorded = Event::decode(payload).ok()?.data?.to_msg().ok()?;
        let writer = batch.writer_id.parse().ok()?;
        let last = batch.records.len().checked_sub(1)?;
        for (index, record) in batch.records.iter().enumerate() {
            let day: Date = time::from_proto(record.recorded_at.as_ref())?.to_zoned(TimeZone::UTC).date();
            self.writer.push(writer);
            self.day.push(day.to_sqlx());
            self.sequence.push(batch.sequence - i64::try_from(last - index).ok()?);
            self.record.push(record.record_id.parse().ok()?);
            self.hash.push((index == last).then(|| batch.hash.clone()));
        }
        Some(())
    }

    /// Compares the records with the trail.
    async fn compare(&self, db: &Db, ctx: &Ctx, found: &mut VerifyAuditResponse) -> Result<(), StoreError> {
        let mut tx = db.in_organisation(ctx, Mode::Read).await?;
        let faults = sqlx::query!(
            r#"SELECT DISTINCT told.writer_id AS "writer_id!", told.sequence AS "sequence!",
                 record.record_id AS "record_id?"
             FROM unnest($2::uuid[], $3::date[], $4::bigint[], $5::uuid[], $6::bytea[])
                 AS told (writer_id, day, sequence, record_id, hash)
             LEFT JOIN audit_record AS record ON record.organisation_id = $1
                 AND record.writer_id = told.writer_id AND record.day = told.day
                 AND record.sequence = told.sequence
             WHERE (record.record_id IS DISTINCT FROM told.record_id OR record.hash <> told.hash)
                 AND NOT EXISTS (SELECT FROM audit_left WHERE organisation_id = $1
                     AND month = date_trunc('month', told.day::timestamp)::date)
             ORDER BY 1, 2"#,
            ctx.organisation.uuid(),
            &self.writer,
            &self.day as _,
            &self.sequence,
            &self.record,
            &self.hash as &[Option<Vec<u8>>],
        )
        .fetch_all(tx.connection())
        .await?;
        for row in faults {
            let kind =
                if row.record_id.is_some() { AuditFaultKind::Changed } else { AuditFaultKind::Missing };
            add_fault(found, row.writer_id, row.sequence, row.record_id, kind);
        }
        Ok(())
    }
}
