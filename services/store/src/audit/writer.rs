//! One task per process writes all audit records, so that concurrent requests share one commit and one fsync.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chassis::{
    Clock, Ctx,
    id::{EventId, OrganisationId, v7},
    seal::SealKeys,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

use super::{
    Access,
    chain::START,
    rows::{NewRecords, Told},
    tell::{Part, Teller, lock_writer},
};
use crate::{Db, StoreError, housekeeping::RetentionSettings};

/// The most requests that wait for the writer. With a full queue a request fails.
const QUEUE: usize = 4096;
/// The most requests that share one commit.
const GROUP: usize = 512;
/// How long a commit may take.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(3);
/// After how long without use a connection is tested.
const IDLE: Duration = Duration::from_secs(1);
/// How long a record may wait until an event tells of it.
const TELL_AFTER: Duration = Duration::from_millis(500);

/// What the writer is asked to do. The answer is whether the database has committed it.
struct Job {
    work: Work,
    reply: oneshot::Sender<bool>,
}

enum Work {
    Record(Vec<Access>),
    /// Tell of all records that are written.
    Tell,
}

/// Sends records to the writer. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    jobs: mpsc::Sender<Job>,
    db: Db,
    teller: Teller,
}

impl Audit {
    /// Starts the writer's task.
    #[must_use]
    pub fn start(db: Db, clock: Clock, seal: SealKeys, retention: RetentionSettings) -> Self {
        let (jobs, receiver) = mpsc::channel(QUEUE);
        let teller = Teller { seal, retention };
        let writer = Writer {
            db: db.clone(),
            clock,
            teller: teller.clone(),
            months: HashSet::new(),
            session: None,
            tell_at: None,
        };
        tokio::spawn(writer.run(receiver));
        Self { jobs, db, teller }
    }

    /// Writes records; returns once they are durable.
    ///
    /// # Errors
    /// [`StoreError::Audit`] if the records may not be durable: the caller must then refuse its answer.
    pub async fn record(&self, accesses: Vec<Access>) -> Result<(), StoreError> {
        if accesses.is_empty() {
            return Ok(());
        }
        self.ask(Work::Record(accesses)).await
    }

    /// Tells of all written records now. The writer does so by itself within half a second: this is for the end of
    /// the process, and for tests.
    ///
    /// # Errors
    /// [`StoreError::Audit`] if an event may not be durable: due work tells of the records later.
    pub async fn tell(&self) -> Result<(), StoreError> {
        self.ask(Work::Tell).await
    }

    async fn ask(&self, work: Work) -> Result<(), StoreError> {
        let (reply, written) = oneshot::channel();
        self.jobs.try_send(Job { work, reply }).map_err(|_| StoreError::Audit)?;
        match written.await {
            Ok(true) => Ok(()),
            _ => Err(StoreError::Audit),
        }
    }

    /// Tells of the records whose writer ended before it told of them. Returns the number of events.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn tell_left(&self) -> Result<usize, StoreError> {
        self.teller.tell_left(&self.db).await
    }
}

/// The last record of a chain, and the event that will tell of the newest records.
struct Chain {
    sequence: i64,
    hash: Vec<u8>,
    open: Option<Part>,
}

/// A connection in the database role that can only insert, and the chains that are written on it. The writer's id
/// lives as long as the connection: after a failure, the next write starts new chains under a new id, because the
/// result of the last commit may be unknown.
struct Session {
    connection: PgConnection,
    writer: Uuid,
    chains: HashMap<(OrganisationId, Date), Chain>,
    /// Events that are full.
    full: Vec<Part>,
    used_at: Instant,
}

struct Writer {
    db: Db,
    clock: Clock,
    teller: Teller,
    /// The first days of the months whose partition is there.
    months: HashSet<Date>,
    session: Option<Session>,
    /// When the oldest record that no event tells of must be told; `None`: all are told.
    tell_at: Option<Instant>,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let tell_at = self.tell_at;
            let timer = async {
                match tell_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                count = jobs.recv_many(&mut group, GROUP) => match count {
                    0 => {
                        self.tell().await;
                        return;
                    }
                    _ => self.serve(&mut group).await,
                },
                () = timer => {}
            }
            let has_full = self.session.as_ref().is_some_and(|session| !session.full.is_empty());
            if has_full || self.tell_at.is_some_and(|at| at <= Instant::now()) {
                self.tell().await;
            }
        }
    }

    /// Writes the records of a group and replies to its jobs.
    async fn serve(&mut self, group: &mut Vec<Job>) {
        let accesses: Vec<&Access> = group
            .iter()
            .filter_map(|job| if let Work::Record(accesses) = &job.work { Some(accesses) } else { None })
            .flatten()
            .collect();
        let written = timed("audit records not written", self.write(&accesses)).await;
        if written && !accesses.is_empty() {
            self.tell_at.get_or_insert_with(|| Instant::now() + TELL_AFTER);
        }
        let mut asked_to_tell = Vec::new();
        for Job { work, reply } in group.drain(..) {
            match work {
                Work::Record(_) => {
                    let _ = reply.send(written);
                }
                Work::Tell => asked_to_tell.push(reply),
            }
        }
        if !asked_to_tell.is_empty() {
            let told = self.tell().await;
            for reply in asked_to_tell {
                let _ = reply.send(told);
            }
        }
    }

    /// Tells of all written records. What is not told now is told by due work, once the session is gone.
    async fn tell(&mut self) -> bool {
        let had_records = self.tell_at.take().is_some();
        let Some(mut session) = self.session.take() else { return !had_records };
        let open = session.chains.values_mut().filter_map(|chain| chain.open.take());
        let parts: Vec<_> = std::mem::take(&mut session.full).into_iter().chain(open).collect();
        let told = parts.is_empty()
            || timed("audit records not told", self.teller.tell(&mut session.connection, parts)).await;
        if told {
            self.session = Some(session);
            self.db.outbox_committed().notify_one();
        }
        told
    }

    /// Writes records, in a new session if the connection died since its last use. After a failure or a timeout the
    /// session is gone, and nothing is tried again: the records may have been committed, and would be there twice.
    async fn write(&mut self, accesses: &[&Access]) -> Result<(), StoreError> {
        if accesses.is_empty() {
            return Ok(());
        }
        let session = match self.session.take() {
            // Told chains of days before yesterday are forgotten with their session: a record of such a day, left by
            // a crash, starts a new chain.
            Some(session) if self.tell_at.is_none() && session.is_before(self.clock.now()) => None,
            Some(mut session) if session.used_at.elapsed() > IDLE => {
                session.connection.ping().await.is_ok().then_some(session)
            }
            session => session,
        };
        let session = match session {
            Some(session) => session,
            None => self.new_session().await?,
        };
        self.write_in(session, accesses).await
    }

    async fn new_session(&self) -> Result<Session, StoreError> {
        let mut connection = self.db.connect_as("audit").await?;
        let writer = v7(self.clock.now());
        lock_writer(&mut connection, writer).await?;
        Ok(Session { connection, writer, chains: HashMap::new(), full: Vec::new(), used_at: Instant::now() })
    }

    async fn write_in(&mut self, mut session: Session, accesses: &[&Access]) -> Result<(), StoreError> {
        let records = session.chain(accesses, &self.db, self.clock.now());
        let months: HashSet<Date> = records.days().map(Date::first_of_month).collect();
        for month in months {
            if !self.months.contains(&month) {
                sqlx::query!("SELECT zp_audit_month($1)", month.to_sqlx() as _)
                    .execute(&mut session.connection)
                    .await?;
                self.months.insert(month);
            }
        }
        // One statement, so that there is one round trip, including the commit.
        records.insert(&mut session.connection).await?;
        session.used_at = Instant::now();
        self.session = Some(session);
        Ok(())
    }
}

impl Session {
    /// Whether the session has a chain of a day before yesterday.
    fn is_before(&self, now: Timestamp) -> bool {
        let yesterday = day_of(now).yesterday().unwrap_or(Date::MIN);
        self.chains.keys().any(|(_, day)| *day < yesterday)
    }

    /// Adds accesses to their chains, and to the events that will tell of them.
    fn chain(&mut self, accesses: &[&Access], db: &Db, now: Timestamp) -> NewRecords {
        let mut records = NewRecords::default();
        for access in accesses {
            let (organisation, day) = (access.ctx.organisation, day_of(access.at()));
            let chain = self.chains.entry((organisation, day)).or_insert_with(|| Chain {
                sequence: 0,
                hash: START.to_vec(),
                open: None,
            });
            let is_new = chain.open.is_none();
            let part = chain.open.get_or_insert_with(|| {
                let correlation_id = access.ctx.correlation_id.clone();
                let ctx = Ctx { correlation_id, ..Ctx::of_service(db.service(), organisation, now) };
                Part::new(EventId::new(now), ctx, self.writer)
            });
            let event = part.event.uuid();
            let told = Told { writer: self.writer, day, sequence: chain.sequence + 1, event };
            let hash = told.hash_input(access).hash(db.trail(), &chain.hash);
            records.push(access, &told, &hash);
            if is_new {
                records.push_untold(organisation, &told);
            }
            part.push(access.public(), access.person(), told.sequence, &hash);
            (chain.sequence, chain.hash) = (told.sequence, hash);
            if part.is_full() {
                self.full.extend(chain.open.take());
            }
        }
        records
    }
}

/// Whether a step succeeds in time. A failure is logged with these words.
async fn timed(failed: &'static str, step: impl Future<Output = Result<(), StoreError>>) -> bool {
    match tokio::time::timeout(COMMIT_TIMEOUT, step).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(cause = chassis::failure::chain(&error), "{failed}");
            false
        }
        Err(_) => {
            tracing::error!("{failed} in time");
            false
        }
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
