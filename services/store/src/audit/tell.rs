//! Tells subscribers of the records that are in the trail, by events `AccessRecorded`. The writer tells by a timer,
//! so that a commit of the trail inserts rows alone.
//!
//! A row of `audit_untold` commits with the first record of an event, and leaves with the event's insert into the
//! outbox. Each writer holds a database lock as long as its connection lives; due work tells what a writer without
//! its lock has left.

use chassis::{
    Ctx,
    id::{EventId, OrganisationId},
    seal::SealKeys,
};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessPerson, AccessPersons, AccessRecord, AccessRecorded};
use sqlx::PgConnection;
use uuid::Uuid;

use super::stored::StoredRecord;
use crate::{
    About, Db, Mode, StoreError,
    event::{Stream, envelope_with},
    housekeeping::RetentionSettings,
};

/// The most records in one event.
const MAX_RECORDS: usize = 200;
/// How many events one round of due work tells at most.
const ROUND: i64 = 100;

/// Neighbours of one chain, of which one event tells.
pub(super) struct Part {
    pub(super) event: EventId,
    ctx: Ctx,
    writer: Uuid,
    batch: AccessRecorded,
    persons: AccessPersons,
}

impl Part {
    /// A part without records. `ctx` is the Ctx of the event.
    pub(super) fn new(event: EventId, ctx: Ctx, writer: Uuid) -> Self {
        let batch = AccessRecorded { writer_id: writer.to_string(), ..AccessRecorded::default() };
        Self { event, ctx, writer, batch, persons: AccessPersons::default() }
    }

    /// Adds the next record of the chain.
    pub(super) fn push(&mut self, record: AccessRecord, person: AccessPerson, sequence: i64, hash: &[u8]) {
        self.batch.records.push(record);
        self.persons.persons.push(person);
        self.batch.sequence = sequence;
        self.batch.hash = hash.to_vec();
    }

    pub(super) fn is_full(&self) -> bool {
        self.batch.records.len() >= MAX_RECORDS
    }
}

/// Makes events of parts.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) seal: SealKeys,
    pub(super) retention: RetentionSettings,
}

impl Teller {
    /// Inserts the events of parts into the outbox, and deletes their rows of `audit_untold`. A part without such a
    /// row was told before.
    pub(super) async fn tell(
        &self,
        connection: &mut PgConnection,
        parts: impl IntoIterator<Item = Part>,
    ) -> Result<(), StoreError> {
        let (mut events, mut organisations, mut payloads, mut ends) = (vec![], vec![], vec![], vec![]);
        for Part { event, ctx, writer, batch, persons } in parts {
            let persons = self.seal.seal("dossier", ctx.organisation, &persons)?;
            let batch = AccessRecorded { persons: Some(persons), ..batch };
            let envelope = envelope_with(event, &ctx, About::new(writer, batch.sequence), &batch);
            events.push(event.uuid());
            organisations.push(ctx.organisation.uuid());
            payloads.push(envelope.encode_to_vec());
            ends.push(self.retention.access_recorded_until(ctx.now).to_sqlx());
        }
        sqlx::query!(
            "WITH untold AS (
                 DELETE FROM audit_untold WHERE (organisation_id, event_id) IN
                     (SELECT * FROM unnest($2::uuid[], $1::uuid[]))
                 RETURNING event_id
             )
             INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent, expires_at)
             SELECT event_id, organisation_id, $5, payload, '', expires_at
             FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[]) WITH ORDINALITY
                 AS told (event_id, organisation_id, payload, expires_at, number)
             JOIN untold USING (event_id) ORDER BY number",
            &events,
            &organisations,
            &payloads,
            &ends as _,
            Stream::Events.subject(&AccessRecorded::full_name()),
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Tells of the records whose writer ended before it told of them. Returns the number of events.
    pub(super) async fn tell_left(&self, db: &Db) -> Result<usize, StoreError> {
        let mut tx = db.as_role("audit").await?;
        // The lock of a living writer cannot be taken.
        let rows = sqlx::query!(
            "SELECT organisation_id, event_id, writer_id, day, after_sequence FROM audit_untold
             WHERE pg_try_advisory_xact_lock(('x' || right(writer_id::text, 12))::bit(48)::bigint)
             ORDER BY event_id LIMIT $1",
            ROUND,
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut parts = Vec::with_capacity(rows.len());
        for row in rows {
            let event = EventId(row.event_id);
            let organisation = OrganisationId(row.organisation_id);
            let ctx = Ctx::of_service(db.service(), organisation, event.time());
            let mut reading = db.in_organisation(&ctx, Mode::Read).await?;
            let records = StoredRecord::list_of_event(
                reading.connection(),
                [row.organisation_id, row.writer_id, row.event_id],
                row.day,
                row.after_sequence,
            )
            .await?;
            drop(reading);
            let correlation_id =
                records.first().map(|record| record.correlation_id.clone()).unwrap_or_default();
            let mut part = Part::new(event, Ctx { correlation_id, ..ctx }, row.writer_id);
            for record in records {
                part.push(record.public(), record.person(), record.sequence, &record.hash);
            }
            parts.push(part);
        }
        let count = parts.len();
        if count > 0 {
            self.tell(&mut tx, parts).await?;
            tx.commit().await?;
            db.outbox_committed().notify_one();
        }
        Ok(count)
    }
}

/// Takes the lock that says that a writer lives, for as long as the connection does.
pub(super) async fn lock_writer(connection: &mut PgConnection, writer: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_lock(('x' || right($1::text, 12))::bit(48)::bigint)",
        writer.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
