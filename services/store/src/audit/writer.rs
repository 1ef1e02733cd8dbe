//! One task per process writes all audit records, so that concurrent requests share one commit and one fsync.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chassis::{
    Ctx,
    id::{EventId, OrganisationId, v7},
    seal::SealKeys,
};
use jiff::{civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use prost::Message;
use proto::event::v1::{AccessPersons, AccessRecorded};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Access,
    chain::START,
    rows::{NewRecords, Told},
};
use crate::{About, Db, StoreError, db::has_died, event::envelope_with, housekeeping::RetentionSettings};

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
    pub fn start(db: Db, seal: SealKeys, retention: RetentionSettings) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writer = Writer {
            db,
            seal: Arc::new(seal),
            retention,
            id: None,
            chains: HashMap::new(),
            months: HashSet::new(),
            connection: None,
        };
        tokio::spawn(writer.run(receiver));
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
#[derive(Clone)]
struct Head {
    sequence: i64,
    hash: Vec<u8>,
}

/// An event that tells of neighbours of one chain.
struct Part {
    event: EventId,
    ctx: Ctx,
    batch: AccessRecorded,
    persons: AccessPersons,
}

struct Writer {
    db: Db,
    seal: Arc<SealKeys>,
    retention: RetentionSettings,
    /// `None` at start, and after a commit whose result is unknown: the next write takes a new id and starts
    /// new chains.
    id: Option<Uuid>,
    chains: HashMap<(OrganisationId, Date), Head>,
    /// The first days of the months whose partition is there.
    months: HashSet<Date>,
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
        let mut records = NewRecords::default();
        // One part per chain, because an event names the last record of its chain.
        let mut open: HashMap<(OrganisationId, Date), Part> = HashMap::new();
        let mut full = Vec::new();
        for access in accesses {
            let chain = (access.ctx.organisation, day(access));
            let head = heads.entry(chain).or_insert_with(|| Head { sequence: 0, hash: START.to_vec() });
            let part = open.entry(chain).or_insert_with(|| self.new_part(writer, access));
            let told = Told { writer, day: chain.1, sequence: head.sequence + 1, event: part.event.uuid() };
            let hash = told.hash_input(access).hash(self.db.trail(), &head.hash);
            *head = Head { sequence: told.sequence, hash };
            records.push(access, &told, &head.hash);
            part.batch.records.push(access.public());
            part.persons.persons.push(access.person());
            part.batch.sequence = head.sequence;
            part.batch.hash.clone_from(&head.hash);
            if part.batch.records.len() == MAX_RECORDS_PER_EVENT {
                full.extend(open.remove(&chain));
            }
        }
        for Part { event, ctx, batch, persons } in full.into_iter().chain(open.into_values()) {
            let persons = self.seal.seal("dossier", ctx.organisation, &persons)?;
            let batch = AccessRecorded { persons: Some(persons), ..batch };
            let envelope = envelope_with(event, &ctx, About::new(writer, batch.sequence), &batch);
            let expires_at = self.retention.access_recorded_until(ctx.now);
            records.push_event(event, ctx.organisation, envelope.encode_to_vec(), expires_at);
        }
        self.insert(&records).await?;
        self.chains = heads;
        self.db.trail_committed().notify_one();
        Ok(())
    }

    fn new_part(&self, writer: Uuid, access: &Access) -> Part {
        let ctx = Ctx {
            correlation_id: access.ctx.correlation_id.clone(),
            ..Ctx::of_service(self.db.service(), access.ctx.organisation, access.at())
        };
        let batch = AccessRecorded { writer_id: writer.to_string(), ..AccessRecorded::default() };
        Part { event: EventId::new(access.at()), ctx, batch, persons: AccessPersons::default() }
    }

    /// Inserts records and events, and deletes the intents of the records, in one statement on the writer's own
    /// connection: one round trip, including the commit. A connection that died since its last use is replaced.
    /// After any other failure, or a timeout, the connection is closed.
    async fn insert(&mut self, records: &NewRecords) -> Result<(), StoreError> {
        if let Some(mut connection) = self.connection.take() {
            match self.insert_on(&mut connection, records).await {
                Ok(()) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) if has_died(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut connection = self.db.connect_as("audit").await?;
        self.insert_on(&mut connection, records).await?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn insert_on(
        &mut self,
        connection: &mut PgConnection,
        records: &NewRecords,
    ) -> Result<(), sqlx::Error> {
        let months: HashSet<Date> = records.days().map(Date::first_of_month).collect();
        for month in months {
            if !self.months.contains(&month) {
                sqlx::query!("SELECT zp_audit_month($1)", month.to_sqlx() as _)
                    .execute(&mut *connection)
                    .await?;
                self.months.insert(month);
            }
        }
        records.insert(connection).await
    }
}

/// The day of the chain that a record belongs to.
fn day(access: &Access) -> Date {
    access.at().to_zoned(TimeZone::UTC).date()
}
