//! One task per process writes all audit records, so that concurrent requests share one commit and one fsync.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chassis::{
    Ctx,
    id::{OrganisationId, v7},
    seal::SealKeys,
    time,
};
use jiff::{civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessPerson, AccessPersons, AccessRecord, AccessRecorded};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Access,
    chain::{HashInput, START},
    rows::Rows,
};
use crate::{
    About, Db, StoreError,
    db::has_died,
    event::{Stream, envelope},
};

/// The most requests that wait for the writer. With a full queue a request fails.
const QUEUE: usize = 4096;
/// The most requests that share one commit.
const GROUP: usize = 512;
/// The most records in one `AccessRecorded` event.
const MAX_RECORDS_PER_EVENT: usize = 200;
/// How long a commit may take.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(3);

type Job = (Vec<Access>, oneshot::Sender<bool>);

/// Sends records to the writer. Cheap to clone.
#[derive(Clone)]
pub struct Audit(mpsc::Sender<Job>);

impl Audit {
    /// Starts the writer's task.
    #[must_use]
    pub fn start(db: Db, seal: SealKeys) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(
            Writer { db, seal: Arc::new(seal), id: None, chains: HashMap::new(), connection: None }
                .run(receiver),
        );
        Self(sender)
    }

    /// Writes records; returns once they are durable.
    ///
    /// # Errors
    /// [`StoreError::Audit`] if the records may not be durable: the caller must then refuse its answer.
    pub async fn record(&self, accesses: Vec<Access>) -> Result<(), StoreError> {
        if accesses.is_empty() {
            return Ok(());
        }
        let (reply, written) = oneshot::channel();
        self.0.try_send((accesses, reply)).map_err(|_| StoreError::Audit)?;
        match written.await {
            Ok(true) => Ok(()),
            _ => Err(StoreError::Audit),
        }
    }
}

/// The last record of a chain.
#[derive(Clone, Copy)]
struct Head {
    sequence: i64,
    hash: [u8; 32],
}

struct Writer {
    db: Db,
    seal: Arc<SealKeys>,
    /// `None` at start, and after a commit whose result is unknown: the next write takes a new id and starts
    /// new chains.
    id: Option<Uuid>,
    chains: HashMap<(OrganisationId, Date), Head>,
    /// The writer's own connection, in the database role that can only insert.
    connection: Option<PgConnection>,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        while jobs.recv_many(&mut group, GROUP).await > 0 {
            let accesses: Vec<&Access> = group.iter().flat_map(|(accesses, _)| accesses).collect();
            let written = match tokio::time::timeout(COMMIT_TIMEOUT, self.write(&accesses)).await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(cause = chassis::failure::chain(&error), "audit records not written");
                    false
                }
                Err(_) => {
                    tracing::error!("audit records not written in time");
                    false
                }
            };
            if !written {
                self.id = None;
                self.chains.clear();
            }
            for (_, reply) in group.drain(..) {
                let _ = reply.send(written);
            }
        }
    }

    async fn write(&mut self, accesses: &[&Access]) -> Result<(), StoreError> {
        let Some(first) = accesses.first() else { return Ok(()) };
        let writer = *self.id.get_or_insert_with(|| v7(first.at()));
        // No more records come for the days before yesterday: forget their chains.
        let yesterday = day(first).yesterday().unwrap_or(Date::MIN);
        self.chains.retain(|(_, day), _| *day >= yesterday);
        let mut heads = self.chains.clone();
        let mut records = Records::default();
        // One batch per chain, because an event names the last record of its chain.
        let mut batches: HashMap<(OrganisationId, Date), (Ctx, AccessRecorded, AccessPersons)> =
            HashMap::new();
        for access in accesses {
            let organisation = access.ctx.organisation;
            let day = day(access);
            let head = heads.entry((organisation, day)).or_insert(Head { sequence: 0, hash: START });
            let hash = hash_input(access, writer, head.sequence + 1).hash(&head.hash);
            *head = Head { sequence: head.sequence + 1, hash };
            records.push(access, writer, day, *head);
            let (_, batch, persons) = batches.entry((organisation, day)).or_insert_with(|| {
                let ctx = Ctx {
                    correlation_id: access.ctx.correlation_id.clone(),
                    ..Ctx::of_service(self.db.service(), organisation, access.at())
                };
                (
                    ctx,
                    AccessRecorded { writer_id: writer.to_string(), ..AccessRecorded::default() },
                    AccessPersons::default(),
                )
            });
            batch.records.push(public_record(access));
            persons.persons.push(sealed_person(access));
            batch.sequence = head.sequence;
            batch.hash = hash.to_vec();
        }
        for (ctx, batch, persons) in batches.into_values().flat_map(split_batch) {
            let persons = self.seal.seal("dossier", ctx.organisation, &persons)?;
            let batch = AccessRecorded { persons: Some(persons), ..batch };
            let (id, event) = envelope(&ctx, About::new(writer, batch.sequence), &batch);
            records.event.push(id.uuid());
            records.event_organisation.push(ctx.organisation.uuid());
            records.payload.push(event.encode_to_vec());
        }
        self.insert(&records).await?;
        self.chains = heads;
        self.db.trail_committed().notify_one();
        Ok(())
    }

    /// Inserts records and events, and deletes the intents of the records, in one statement on the writer's own connection: one round trip, including
    /// the commit. A connection that died since its last use is replaced. After any other failure, or a
    /// timeout, the connection is closed.
    async fn insert(&mut self, records: &Records) -> Result<(), StoreError> {
        if let Some(mut connection) = self.connection.take() {
            match records.insert(&mut connection).await {
                Ok(()) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) if has_died(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut connection = self.db.connect_as("audit").await?;
        records.insert(&mut connection).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// The day of the chain that a record belongs to.
fn day(access: &Access) -> Date {
    access.at().to_zoned(TimeZone::UTC).date()
}

/// Splits a batch into events that are small enough for the bus.
fn split_batch(
    (ctx, batch, persons): (Ctx, AccessRecorded, AccessPersons),
) -> impl Iterator<Item = (Ctx, AccessRecorded, AccessPersons)> {
    let AccessRecorded { records, writer_id, sequence, hash, .. } = batch;
    let records = records.into_iter().zip(persons.persons).collect::<Vec<_>>();
    let parts: Vec<Vec<_>> = records.chunks(MAX_RECORDS_PER_EVENT).map(<[_]>::to_vec).collect();
    parts.into_iter().map(move |part| {
        let (records, persons) = part.into_iter().unzip();
        let (writer_id, hash) = (writer_id.clone(), hash.clone());
        let batch = AccessRecorded { records, writer_id, sequence, hash, persons: None };
        (ctx.clone(), batch, AccessPersons { persons })
    })
}

/// The part of a record that every reader of the event may see.
fn public_record(access: &Access) -> AccessRecord {
    AccessRecord {
        record_id: access.record.to_string(),
        client_id: access.client.map(|client| client.to_string()).unwrap_or_default(),
        actor: Some(access.actor().clone()),
        section: access.section.into(),
        method: access.method.clone(),
        recorded_at: Some(time::to_proto(access.at())),
        outcome: access.outcome.into(),
        object_kind: access.object.kind.clone(),
        object_id: access.object.id.clone(),
    }
}

/// The part of a record that only dossier may see.
fn sealed_person(access: &Access) -> AccessPerson {
    AccessPerson {
        name: access.ctx.person.name.clone(),
        relation: access.ctx.person.relation.clone(),
        ground: access.ctx.person.ground.clone(),
        impersonator: access.ctx.person.impersonator.clone(),
    }
}

fn hash_input(access: &Access, writer: Uuid, sequence: i64) -> HashInput<'_> {
    HashInput {
        organisation: access.ctx.organisation.uuid(),
        writer,
        sequence,
        record: access.record,
        client: access.client.map(chassis::id::ClientId::uuid),
        recorded_at: access.at(),
        actor_kind: access.actor().kind,
        section: access.section.into(),
        outcome: access.outcome.into(),
        texts: [
            &access.actor().id,
            &access.ctx.person.name,
            &access.ctx.person.relation,
            &access.ctx.person.ground,
            &access.method,
            &access.ctx.correlation_id,
        ],
        impersonator: &access.ctx.person.impersonator,
        object: [&access.object.kind, &access.object.id],
    }
}

/// The columns of records, their intents and their events, for one statement.
#[derive(Default)]
struct Records {
    rows: Rows,
    writer: Vec<Uuid>,
    day: Vec<jiff_sqlx::Date>,
    sequence: Vec<i64>,
    outcome: Vec<i32>,
    hash: Vec<Vec<u8>>,
    intent: Vec<Uuid>,
    intent_organisation: Vec<Uuid>,
    event: Vec<Uuid>,
    event_organisation: Vec<Uuid>,
    payload: Vec<Vec<u8>>,
}

impl Records {
    fn push(&mut self, access: &Access, writer: Uuid, day: Date, head: Head) {
        self.rows.push(access);
        self.writer.push(writer);
        self.day.push(day.to_sqlx());
        self.sequence.push(head.sequence);
        self.outcome.push(access.outcome.into());
        self.hash.push(head.hash.to_vec());
        if access.has_intent {
            self.intent.push(access.record);
            self.intent_organisation.push(access.ctx.organisation.uuid());
        }
    }

    async fn insert(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "WITH told AS (
                 INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent)
                 SELECT event_id, organisation_id, $22, payload, ''
                 FROM unnest($19::uuid[], $20::uuid[], $21::bytea[]) AS told (event_id, organisation_id, payload)
             ), done AS (
                 DELETE FROM audit_intent WHERE (organisation_id, record_id) IN
                     (SELECT * FROM unnest($25::uuid[], $26::uuid[]))
             )
             INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, client_id,
                 recorded_at, actor_kind, actor_id, person_name, person_relation, person_ground,
                 section, method, outcome, correlation_id, hash, person_impersonator, object_kind, object_id)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::uuid[], $6::uuid[],
                 $7::timestamptz[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::text[],
                 $13::integer[], $14::text[], $15::integer[], $16::text[], $17::bytea[], $18::text[], $23::text[], $24::text[])",
            &self.rows.organisation,
            &self.writer,
            &self.day as _,
            &self.sequence,
            &self.rows.record,
            &self.rows.client as &[Option<Uuid>],
            &self.rows.at as _,
            &self.rows.actor_kind,
            &self.rows.actor,
            &self.rows.name,
            &self.rows.relation,
            &self.rows.ground,
            &self.rows.section,
            &self.rows.method,
            &self.outcome,
            &self.rows.correlation,
            &self.hash,
            &self.rows.impersonator,
            &self.event,
            &self.event_organisation,
            &self.payload,
            Stream::Events.subject(&AccessRecorded::full_name()),
            &self.rows.object_kind,
            &self.rows.object,
            &self.intent_organisation,
            &self.intent,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
