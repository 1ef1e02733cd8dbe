//! Checks the audit trail: first each record against its chain, then the trail against the published events.
//!
//! A chain reveals a record that was changed, or deleted before the chain's end. `AccessRecorded` events hold
//! the hash at the end of each chain; dossier and the readers of the feed have these events too. The events
//! reveal a deleted end of a chain, a deleted chain and a chain that was hashed again.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::{Ctx, Failure};
use jiff::{civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessRecorded, AuditFault, AuditFaultKind, Event, VerifyAuditResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::chain::{HashInput, START};
use crate::{Db, Mode, StoreError, event::Stream};

/// The most faults that one answer lists.
const MAX_FAULTS: usize = 100;
/// The most events that one call compares with the trail. Each event covers up to 200 records.
const MAX_EVENTS: i64 = 200;

/// How far the check has come. Callers return the cursor as an opaque token. The token is not signed: a
/// caller who changes the token falsifies only their own check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Continue after this record, which has this hash.
    Record { writer: Uuid, day: Date, sequence: i64, hash: [u8; 32] },
    /// All chains are checked. Continue with the events after this position of the log.
    Told { position: i64 },
}

impl Cursor {
    const START: Self = Self::Record { writer: Uuid::nil(), day: Date::ZERO, sequence: 0, hash: START };

    fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self).unwrap_or_default())
    }

    /// Reads a page token; an empty token starts the check.
    pub(super) fn decode(token: &str) -> Result<Self, Failure> {
        if token.is_empty() {
            return Ok(Self::START);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Failure::page_token_malformed())?;
        serde_json::from_slice(&bytes).map_err(|_| Failure::page_token_malformed())
    }
}

/// Continues the check at `from`, with at most `page_size` records or events.
pub(super) async fn verify(
    db: &Db,
    ctx: &Ctx,
    from: Cursor,
    page_size: i64,
) -> Result<VerifyAuditResponse, StoreError> {
    let mut found = VerifyAuditResponse::default();
    let next = match from {
        Cursor::Record { writer, day, sequence, hash } => {
            let head = ChainHead { writer, day, sequence, hash };
            let next = head.check_records(db, ctx, page_size, &mut found).await?;
            Some(next.unwrap_or(Cursor::Told { position: 0 }))
        }
        Cursor::Told { position } => {
            check_events(db, ctx, position, page_size.min(MAX_EVENTS), &mut found).await?
        }
    };
    found.next_page_token = next.map(Cursor::encode).unwrap_or_default();
    Ok(found)
}

/// The last record that was checked, and its chain.
struct ChainHead {
    writer: Uuid,
    day: Date,
    sequence: i64,
    hash: [u8; 32],
}

impl ChainHead {
    /// Checks the records after this one, chain by chain. Returns where to continue; `None` at the end.
    async fn check_records(
        mut self,
        db: &Db,
        ctx: &Ctx,
        page_size: i64,
        found: &mut VerifyAuditResponse,
    ) -> Result<Option<Cursor>, StoreError> {
        let mut tx = db.in_organisation(ctx, Mode::Read).await?;
        let rows = sqlx::query!(
            "SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
                 actor_id, person_name, person_relation, person_ground, person_impersonator, section, method,
                 outcome, correlation_id, hash, object_kind, object_id
             FROM audit_record WHERE organisation_id = $1 AND (writer_id, day, sequence) > ($2, $3, $4)
             ORDER BY writer_id, day, sequence LIMIT $5",
            ctx.organisation.uuid(),
            self.writer,
            self.day.to_sqlx() as _,
            self.sequence,
            page_size,
        )
        .fetch_all(tx.connection())
        .await?;
        let full = i64::try_from(rows.len()) == Ok(page_size);
        for row in rows {
            found.records += 1;
            let day = row.day.to_jiff();
            if (self.writer, self.day) != (row.writer_id, day) {
                self = Self { writer: row.writer_id, day, sequence: 0, hash: START };
                found.chains += 1;
            }
            self.sequence += 1;
            let follows_gap = self.sequence < row.sequence;
            while self.sequence < row.sequence {
                add_fault(found, self.writer, self.sequence, None, AuditFaultKind::Missing);
                self.sequence =
                    if found.faults.len() < MAX_FAULTS { self.sequence + 1 } else { row.sequence };
            }
            let stored: [u8; 32] = row.hash.as_slice().try_into().unwrap_or(START);
            let hash = HashInput {
                organisation: row.organisation_id,
                writer: row.writer_id,
                sequence: row.sequence,
                record: row.record_id,
                client: row.client_id,
                recorded_at: row.recorded_at.to_jiff(),
                actor_kind: row.actor_kind,
                section: row.section,
                outcome: row.outcome,
                texts: [
                    &row.actor_id,
                    &row.person_name,
                    &row.person_relation,
                    &row.person_ground,
                    &row.method,
                    &row.correlation_id,
                ],
                impersonator: &row.person_impersonator,
                object: [&row.object_kind, &row.object_id],
            }
            .hash(&self.hash);
            // After a gap the previous hash is missing, so that the hash of this record cannot be checked.
            let in_its_day = day == row.recorded_at.to_jiff().to_zoned(TimeZone::UTC).date();
            if (hash != stored && !follows_gap) || !in_its_day {
                add_fault(found, self.writer, self.sequence, Some(row.record_id), AuditFaultKind::Changed);
            }
            // Continue from the stored hash, so that one changed record counts as one fault.
            self.hash = stored;
        }
        let Self { writer, day, sequence, hash } = self;
        Ok(full.then_some(Cursor::Record { writer, day, sequence, hash }))
    }
}

/// Compares the trail with the events after a position. Returns where to continue; `None` at the end of the
/// log.
async fn check_events(
    db: &Db,
    ctx: &Ctx,
    position: i64,
    page_size: i64,
    found: &mut VerifyAuditResponse,
) -> Result<Option<Cursor>, StoreError> {
    let mut relay = db.as_role("relay").await?;
    let rows = sqlx::query!(
        "SELECT position, event_id, payload FROM event_log
         WHERE organisation_id = $1 AND position > $2 AND subject = $3 ORDER BY position LIMIT $4",
        ctx.organisation.uuid(),
        position,
        Stream::Events.subject(&AccessRecorded::full_name()),
        page_size,
    )
    .fetch_all(&mut *relay)
    .await?;
    drop(relay);
    let full = i64::try_from(rows.len()) == Ok(page_size);
    let last = rows.last().map(|row| row.position);
    let (mut writers, mut days, mut sequences, mut hashes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let Some((writer, day, batch)) = decode_batch(&row.payload) else {
            add_fault(found, Uuid::nil(), row.position, Some(row.event_id), AuditFaultKind::Unreadable);
            continue;
        };
        writers.push(writer);
        days.push(day.to_sqlx());
        sequences.push(batch.sequence);
        hashes.push(batch.hash);
    }
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let faults = sqlx::query!(
        r#"SELECT DISTINCT told.writer_id AS "writer_id!", told.sequence AS "sequence!", record.record_id AS "record_id?"
         FROM unnest($2::uuid[], $3::date[], $4::bigint[], $5::bytea[]) AS told (writer_id, day, sequence, hash)
         LEFT JOIN audit_record AS record ON record.organisation_id = $1 AND record.writer_id = told.writer_id
             AND record.day = told.day AND record.sequence = told.sequence
         WHERE record.hash IS DISTINCT FROM told.hash
         ORDER BY 1, 2"#,
        ctx.organisation.uuid(),
        &writers,
        &days as _,
        &sequences,
        &hashes,
    )
    .fetch_all(tx.connection())
    .await?;
    for row in faults {
        let kind = if row.record_id.is_some() { AuditFaultKind::Changed } else { AuditFaultKind::Missing };
        add_fault(found, row.writer_id, row.sequence, row.record_id, kind);
    }
    Ok(last.filter(|_| full).map(|position| Cursor::Told { position }))
}

/// The writer, the day and the records of an event; `None` if the event cannot be read.
fn decode_batch(payload: &[u8]) -> Option<(Uuid, Date, AccessRecorded)> {
    let batch: AccessRecorded = Event::decode(payload).ok()?.data?.to_msg().ok()?;
    let at = chassis::time::from_proto(batch.records.last()?.recorded_at.as_ref())?;
    Some((batch.writer_id.parse().ok()?, at.to_zoned(TimeZone::UTC).date(), batch))
}

fn add_fault(
    found: &mut VerifyAuditResponse,
    writer: Uuid,
    sequence: i64,
    record: Option<Uuid>,
    kind: AuditFaultKind,
) {
    if found.faults.len() < MAX_FAULTS {
        found.faults.push(AuditFault {
            writer_id: writer.to_string(),
            sequence,
            record_id: record.map(|id| id.to_string()).unwrap_or_default(),
            kind: kind.into(),
        });
    }
}
