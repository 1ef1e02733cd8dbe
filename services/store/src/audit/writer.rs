//! One task per process writes all audit records, so that concurrent requests share one commit and one fsync.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chassis::{
    Ctx,
    id::{OrganisationId, v7},
    seal::SealKeys,
    time,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::{AccessPerson, AccessPersons, AccessRecord, AccessRecorded};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Access,
    chain::{HashInput, START},
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
        let mut rows = Rows::default();
        // One batch per chain, because an event names the last record of its chain.
        let mut batches: HashMap<(OrganisationId, Date), (Ctx, AccessRecorded, AccessPersons)> =
            HashMap::new();
        for access in accesses {
            let organisation = access.ctx.organisation;
            let day = day(access);
            let head = heads.entry((organisation, day)).or_insert(Head { sequence: 0, hash: START });
            let record = v7(access.at());
            let hash = hash_input(access, writer, head.sequence + 1, record).hash(&head.hash);
            *head = Head { sequence: head.sequence + 1, hash };
            rows.push(access, writer, day, *head, record);
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
            batch.records.push(public_record(access, record));
            persons.persons.push(sealed_person(access));
            batch.sequence = head.sequence;
            batch.hash = hash.to_vec();
        }
        for (ctx, batch, persons) in batches.into_values().flat_map(split_batch) {
            let persons = self.seal.seal("dossier", ctx.organisation, &persons)?;
            let batch = AccessRecorded { persons: Some(persons), ..batch };
            let (id, event) = envelope(&ctx, About::new(writer, batch.sequence), &batch);
            rows.event.push(id.uuid());
            rows.event_organisation.push(ctx.organisation.uuid());
            rows.payload.push(event.encode_to_vec());
        }
        self.insert(&rows).await?;
        self.chains = heads;
        self.db.trail_committed().notify_one();
        Ok(())
    }

    /// Inserts records and events in one statement on the writer's own connection: one round trip, including
    /// the commit. A connection that died since its last use is replaced. After any other failure, or a
    /// timeout, the connection is closed.
    async fn insert(&mut self, rows: &Rows) -> Result<(), StoreError> {
        if let Some(mut connection) = self.connection.take() {
            match rows.insert(&mut connection).await {
                Ok(()) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) if has_died(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut connection = self.db.connect_as("audit").await?;
        rows.insert(&mut connection).await?;
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
fn public_record(access: &Access, record: Uuid) -> AccessRecord {
    AccessRecord {
        record_id: record.to_string(),
        client_id: access.client.map(|client| client.to_string()).unwrap_or_default(),
        actor: Some(access.actor().clone()),
        section: access.section.into(),
        method: access.method.clone(),
        recorded_at: Some(time::to_proto(access.at())),
        outcome: access.outcome.into(),
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

fn hash_input(access: &Access, writer: Uuid, sequence: i64, record: Uuid) -> HashInput<'_> {
    HashInput {
        organisation: access.ctx.organisation.uuid(),
        writer,
        sequence,
        record,
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
    }
}

/// The columns of records and of events, for one statement.
#[derive(Default)]
struct Rows {
    organisation: Vec<Uuid>,
    writer: Vec<Uuid>,
    day: Vec<jiff_sqlx::Date>,
    sequence: Vec<i64>,
    record: Vec<Uuid>,
    client: Vec<Option<Uuid>>,
    at: Vec<jiff_sqlx::Timestamp>,
    actor_kind: Vec<i32>,
    actor: Vec<String>,
    name: Vec<String>,
    relation: Vec<String>,
    ground: Vec<String>,
    impersonator: Vec<String>,
    section: Vec<i32>,
    method: Vec<String>,
    outcome: Vec<i32>,
    correlation: Vec<String>,
    hash: Vec<Vec<u8>>,
    event: Vec<Uuid>,
    event_organisation: Vec<Uuid>,
    payload: Vec<Vec<u8>>,
}

impl Rows {
    fn push(&mut self, access: &Access, writer: Uuid, day: Date, head: Head, record: Uuid) {
        self.organisation.push(access.ctx.organisation.uuid());
        self.writer.push(writer);
        self.day.push(day.to_sqlx());
        self.sequence.push(head.sequence);
        self.record.push(record);
        self.client.push(access.client.map(chassis::id::ClientId::uuid));
        self.at.push(Timestamp::to_sqlx(access.at()));
        self.actor_kind.push(access.actor().kind);
        self.actor.push(access.actor().id.clone());
        self.name.push(access.ctx.person.name.clone());
        self.relation.push(access.ctx.person.relation.clone());
        self.ground.push(access.ctx.person.ground.clone());
        self.impersonator.push(access.ctx.person.impersonator.clone());
        self.section.push(access.section.into());
        self.method.push(access.method.clone());
        self.outcome.push(access.outcome.into());
        self.correlation.push(access.ctx.correlation_id.clone());
        self.hash.push(head.hash.to_vec());
    }

    async fn insert(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "WITH told AS (
                 INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent)
                 SELECT event_id, organisation_id, $22, payload, ''
                 FROM unnest($19::uuid[], $20::uuid[], $21::bytea[]) AS told (event_id, organisation_id, payload)
             )
             INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, client_id,
                 recorded_at, actor_kind, actor_id, person_name, person_relation, person_ground,
                 section, method, outcome, correlation_id, hash, person_impersonator)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::uuid[], $6::uuid[],
                 $7::timestamptz[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::text[],
                 $13::integer[], $14::text[], $15::integer[], $16::text[], $17::bytea[], $18::text[])",
            &self.organisation,
            &self.writer,
            &self.day as _,
            &self.sequence,
            &self.record,
            &self.client as &[Option<Uuid>],
            &self.at as _,
            &self.actor_kind,
            &self.actor,
            &self.name,
            &self.relation,
            &self.ground,
            &self.section,
            &self.method,
            &self.outcome,
            &self.correlation,
            &self.hash,
            &self.impersonator,
            &self.event,
            &self.event_organisation,
            &self.payload,
            Stream::Events.subject(&AccessRecorded::full_name()),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
