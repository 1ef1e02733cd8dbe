//! Whether the trail holds: every record by its chain, then every chain by what was told of it.
//!
//! The chains show a record that was changed or taken out of the middle. What `AccessRecorded` told, to dossier and to
//! whoever reads the feed, shows the rest: an end that was cut off, a whole chain that is gone or was hashed anew.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::{Ctx, Failure};
use jiff::{civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessRecorded, AuditFault, AuditFaultKind, Event, VerifyAuditResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::chain::{Hashed, START};
use crate::{Db, Mode, StoreError, event::Stream};

/// How many faults are named.
const NAMED: usize = 100;
/// How many events are held against the trail in one call at most: each tells of up to 200 records.
const EVENTS: i64 = 200;

/// Where a check stands. The caller hands it back unread; whoever changes it deceives only themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// After this record of this chain, with its hash.
    Record { writer: Uuid, day: Date, sequence: i64, hash: [u8; 32] },
    /// After this position of the event log.
    Told { position: i64 },
}

impl Cursor {
    const START: Self = Self::Record { writer: Uuid::nil(), day: Date::ZERO, sequence: 0, hash: START };

    fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self).unwrap_or_default())
    }

    /// From a page token; the beginning for the first call.
    pub(super) fn decode(token: &str) -> Result<Self, Failure> {
        if token.is_empty() {
            return Ok(Self::START);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Failure::page_token_malformed())?;
        serde_json::from_slice(&bytes).map_err(|_| Failure::page_token_malformed())
    }
}

/// Checks from where the former call ended, so many records or events.
pub(super) async fn verify(
    db: &Db,
    ctx: &Ctx,
    from: Cursor,
    page: i64,
) -> Result<VerifyAuditResponse, StoreError> {
    let mut found = VerifyAuditResponse::default();
    let next = match from {
        Cursor::Record { writer, day, sequence, hash } => {
            let read = Walk { writer, day, sequence, hash }.records(db, ctx, page, &mut found).await?;
            Some(read.unwrap_or(Cursor::Told { position: 0 }))
        }
        Cursor::Told { position } => told(db, ctx, position, page.min(EVENTS), &mut found).await?,
    };
    found.next_page_token = next.map(Cursor::encode).unwrap_or_default();
    Ok(found)
}

/// Along the chains, one after the other.
struct Walk {
    writer: Uuid,
    day: Date,
    sequence: i64,
    hash: [u8; 32],
}

impl Walk {
    /// One call's records. Says where to go on; `None` at the end of them.
    async fn records(
        mut self,
        db: &Db,
        ctx: &Ctx,
        page: i64,
        found: &mut VerifyAuditResponse,
    ) -> Result<Option<Cursor>, StoreError> {
        let mut tx = db.in_organisation(ctx, Mode::Read).await?;
        let rows = sqlx::query!(
            "SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
                 actor_id, person_name, person_relation, person_ground, person_impersonator, section, method,
                 outcome, correlation_id, hash
             FROM audit_record WHERE organisation_id = $1 AND (writer_id, day, sequence) > ($2, $3, $4)
             ORDER BY writer_id, day, sequence LIMIT $5",
            ctx.organisation.uuid(),
            self.writer,
            self.day.to_sqlx() as _,
            self.sequence,
            page,
        )
        .fetch_all(tx.connection())
        .await?;
        let full = i64::try_from(rows.len()) == Ok(page);
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
                tell(found, self.writer, self.sequence, None, AuditFaultKind::Missing);
                self.sequence = if found.faults.len() < NAMED { self.sequence + 1 } else { row.sequence };
            }
            let stored: [u8; 32] = row.hash.as_slice().try_into().unwrap_or(START);
            let hash = Hashed {
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
            }
            .hash(&self.hash);
            // What stands before the first record after a gap is gone: it cannot be checked.
            let in_its_day = day == row.recorded_at.to_jiff().to_zoned(TimeZone::UTC).date();
            if (hash != stored && !follows_gap) || !in_its_day {
                tell(found, self.writer, self.sequence, Some(row.record_id), AuditFaultKind::Changed);
            }
            // Goes on from what is stored, so that one changed record is one fault.
            self.hash = stored;
        }
        let Self { writer, day, sequence, hash } = self;
        Ok(full.then_some(Cursor::Record { writer, day, sequence, hash }))
    }
}

/// Holds the trail against one call's events. Says where to go on; `None` at the end of the log.
async fn told(
    db: &Db,
    ctx: &Ctx,
    position: i64,
    page: i64,
    found: &mut VerifyAuditResponse,
) -> Result<Option<Cursor>, StoreError> {
    let mut relay = db.as_role("relay").await?;
    let rows = sqlx::query!(
        "SELECT position, event_id, payload FROM event_log
         WHERE organisation_id = $1 AND position > $2 AND subject = $3 ORDER BY position LIMIT $4",
        ctx.organisation.uuid(),
        position,
        Stream::Events.subject(&AccessRecorded::full_name()),
        page,
    )
    .fetch_all(&mut *relay)
    .await?;
    drop(relay);
    let full = i64::try_from(rows.len()) == Ok(page);
    let last = rows.last().map(|row| row.position);
    let (mut writers, mut days, mut sequences, mut hashes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let Some((writer, day, batch)) = read(&row.payload) else {
            tell(found, Uuid::nil(), row.position, Some(row.event_id), AuditFaultKind::Unreadable);
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
        tell(found, row.writer_id, row.sequence, row.record_id, kind);
    }
    Ok(last.filter(|_| full).map(|position| Cursor::Told { position }))
}

/// The writer, the day and what an event told of their chain; `None` where it tells nothing that can be read.
fn read(payload: &[u8]) -> Option<(Uuid, Date, AccessRecorded)> {
    let batch: AccessRecorded = Event::decode(payload).ok()?.data?.to_msg().ok()?;
    let at = chassis::time::from_proto(batch.records.last()?.recorded_at.as_ref())?;
    Some((batch.writer_id.parse().ok()?, at.to_zoned(TimeZone::UTC).date(), batch))
}

fn tell(
    found: &mut VerifyAuditResponse,
    writer: Uuid,
    sequence: i64,
    record: Option<Uuid>,
    kind: AuditFaultKind,
) {
    if found.faults.len() < NAMED {
        found.faults.push(AuditFault {
            writer_id: writer.to_string(),
            sequence,
            record_id: record.map(|id| id.to_string()).unwrap_or_default(),
            kind: kind.into(),
        });
    }
}
