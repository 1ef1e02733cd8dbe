//! Checks records: each against its chain, and against the event that tells of the record.

use std::collections::{HashMap, HashSet};

use chassis::{Ctx, id::EventId};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::Message;
use proto::event::v1::{AccessRecord, AccessRecorded, AuditFaultKind, Event, VerifyAuditResponse};
use uuid::Uuid;

use super::{
    cursor::Place,
    found::{add_fault, is_full},
};
use crate::{Db, Mode, StoreError, audit::stored::StoredRecord};

/// What the kept events tell of accesses.
struct Told {
    /// The records of each event, by id; `None`: the event's content is no longer kept.
    events: HashMap<Uuid, Option<HashMap<String, AccessRecord>>>,
    /// Events that were logged before this time have left the log; `None`: none has left.
    from: Option<Timestamp>,
    /// Events that were begun after this time may still wait until the writer tells them.
    until: Timestamp,
}

/// How long an event may wait until the trail's writer, or due work, tells it: longer than Postgres takes to end the
/// session of a machine that is gone.
const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// Checks the records after a place, chain by chain. Returns where to continue; `None` at the end.
pub(super) async fn check(
    db: &Db,
    ctx: &Ctx,
    mut place: Place,
    page_size: i64,
    found: &mut VerifyAuditResponse,
) -> Result<Option<Place>, StoreError> {
    let rows = read(db, ctx, &place, page_size).await?;
    let full = i64::try_from(rows.len()) == Ok(page_size);
    let told = read_told(db, ctx, &rows).await?;
    for row in rows {
        found.records += 1;
        let day = row.day.to_jiff();
        if (place.writer, place.day) != (row.writer_id, day) {
            place = Place::before_chain(row.writer_id, day);
            found.chains += 1;
        }
        place.sequence += 1;
        let follows_gap = place.sequence < row.sequence;
        while place.sequence < row.sequence {
            add_fault(found, place.writer, place.sequence, None, AuditFaultKind::Missing);
            place.sequence = if is_full(found) { row.sequence } else { place.sequence + 1 };
        }
        let input = row.hash_input();
        let in_its_day = day == row.recorded_at.to_jiff().to_zoned(TimeZone::UTC).date();
        let follows = place.hashes.iter().any(|previous| input.matches(db.trail(), previous, &row.hash));
        let mut fault = |kind| add_fault(found, row.writer_id, row.sequence, Some(row.record_id), kind);
        // After a gap the previous hash is missing, so that the hash of this record cannot be checked.
        if !in_its_day || !(follows || follows_gap) {
            fault(AuditFaultKind::Changed);
        } else if !told.tells_of(&row) {
            fault(AuditFaultKind::Untold);
        }
        let computed = if follows { row.hash.clone() } else { input.hash(db.trail(), &place.hashes[0]) };
        place.hashes = [row.hash, computed];
    }
    Ok(full.then_some(place))
}

async fn read(db: &Db, ctx: &Ctx, place: &Place, page_size: i64) -> Result<Vec<StoredRecord>, StoreError> {
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let rows = sqlx::query_as!(
        StoredRecord,
        "SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
             actor_id, person_name, person_relation, person_ground, person_impersonator, section, method,
             outcome, correlation_id, object_kind, object_id, event_id, hash
         FROM audit_record WHERE organisation_id = $1 AND (writer_id, day, sequence) > ($2, $3, $4)
         ORDER BY writer_id, day, sequence LIMIT $5",
        ctx.organisation.uuid(),
        place.writer,
        place.day.to_sqlx() as _,
        place.sequence,
        page_size,
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

/// Reads the events that tell of these records, from the log and from the outbox.
async fn read_told(db: &Db, ctx: &Ctx, rows: &[StoredRecord]) -> Result<Told, StoreError> {
    let ids: HashSet<Uuid> = rows.iter().map(|row| row.event_id).collect();
    let mut tx = db.as_role("relay").await?;
    let from = sqlx::query_scalar!(
        r#"SELECT logged_at AS "logged_at: jiff_sqlx::Timestamp" FROM event_log, event_position
         WHERE position >= first AND first > 1 ORDER BY position LIMIT 1"#
    )
    .fetch_optional(&mut *tx)
    .await?;
    let events = sqlx::query!(
        r#"SELECT event_id AS "event_id!", payload AS "payload!" FROM event_log
         WHERE event_id = ANY($1) AND organisation_id = $2
         UNION ALL SELECT event_id, payload FROM outbox WHERE event_id = ANY($1) AND organisation_id = $2"#,
        &ids.into_iter().collect::<Vec<_>>(),
        ctx.organisation.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    let events = events.into_iter().map(|row| (row.event_id, decode(&row.payload))).collect();
    Ok(Told { events, from: from.map(jiff_sqlx::Timestamp::to_jiff), until: ctx.now - PATIENCE })
}

/// The records of an event, by id. An event that cannot be read tells of no record; the check of the events
/// reports it.
fn decode(payload: &[u8]) -> Option<HashMap<String, AccessRecord>> {
    if payload.is_empty() {
        return None;
    }
    let batch = Event::decode(payload).ok().and_then(|event| event.data?.to_msg::<AccessRecorded>().ok());
    let records = batch.unwrap_or_default().records;
    Some(records.into_iter().map(|record| (record.record_id.clone(), record)).collect())
}

impl Told {
    fn tells_of(&self, row: &StoredRecord) -> bool {
        match self.events.get(&row.event_id) {
            Some(None) => true,
            Some(Some(records)) => {
                let public = row.public();
                records.get(&public.record_id) == Some(&public)
            }
            None => {
                self.from.is_some_and(|from| row.recorded_at.to_jiff() < from)
                    || EventId(row.event_id).time() > self.until
            }
        }
    }
}
