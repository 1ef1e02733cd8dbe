//! Due work: what a service does at a given time. Each work has a loop, in which the organisations take turns; no work
//! waits for another. An advisory lock lets only one process of a service run the loops. One more loop does the work
//! that every service has: the ends of what it keeps, and the accesses whose process ended before it recorded or told
//! them.

mod turns;

use std::time::Duration;

use chassis::{Clock, Ctx, id::OrganisationId};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Db, StoreError, audit,
    audit::Audit,
    housekeeping::{self, RetentionSettings},
    organisation,
    organisation::Organisation,
};

/// The advisory lock of the loop: a number that nothing else in this database uses.
const LOCK: i64 = 0x4455_4500;
/// How often the loop looks for due work if nothing wakes it.
const POLL: Duration = Duration::from_secs(1);

/// Why due work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DueError {
    /// The store failed. If the database cannot be reached, the whole loop pauses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rule of the service refused the work. No caller can correct a request here, so that this is a fault
    /// in the data or in the code.
    #[error("a rule of the service refused the due work")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DueError {
    /// Whether a later attempt may succeed.
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient() && !error.took_too_long())
    }
}

/// One kind of due work.
pub trait DueWork: Send + Sync + 'static {
    /// In how many organisations the work may run at the same time. Work that waits for somebody else, such as a mail
    /// server, needs more than one: otherwise one organisation's wait delays all others.
    fn parallel(&self) -> usize {
        1
    }

    /// Does work that is due in an organisation at `ctx.now`: a bounded part, so that others get their turn.
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>>;
}

/// Wakes the loops of due work. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Wake(watch::Sender<()>);

impl Wake {
    /// Makes every loop look for due work at once; a loop that is at work looks again afterwards.
    pub fn notify(&self) {
        self.0.send_replace(());
    }
}

/// Runs the due work of one service.
pub struct DueLoop {
    /// The service's database.
    pub db: Db,
    /// The clock of the process.
    pub clock: Clock,
    /// The audit trail.
    pub audit: Audit,
    /// For how long the service keeps what it told.
    pub retention: RetentionSettings,
    /// The names of the service's consumers.
    pub consumers: Vec<String>,
    /// The service's own work.
    pub works: Vec<Box<dyn DueWork>>,
    /// Makes the loops look for work at once.
    pub wake: Wake,
}

impl DueLoop {
    /// Runs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.lead(&shutdown).await {
                tracing::warn!(
                    cause = chassis::failure::chain(&error),
                    "the due work loop failed and restarts"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Runs the loop while this process has the lock; returns if another process has the lock.
    async fn lead(&self, shutdown: &CancellationToken) -> Result<(), DueError> {
        let mut connection = self.db.connect().await?;
        let leads: bool = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "leads!""#, LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(StoreError::from)?;
        if !leads {
            return Ok(connection.close().await.map_err(StoreError::from)?);
        }
        // A shutdown, and a failure of one loop, wait for the running work: the next process would do it again.
        let stop = shutdown.child_token();
        let stop_on_failure = |ended: Result<(), DueError>| {
            if ended.is_err() {
                stop.cancel();
            }
            ended
        };
        let mut loops: Vec<BoxFuture<'_, Result<(), DueError>>> =
            self.works.iter().map(|work| self.take_turns(&**work, &stop).boxed()).collect();
        loops.push(self.repeat_housekeeping(connection, &stop).boxed());
        let loops = loops.into_iter().map(|each| each.map(stop_on_failure));
        join_all(loops).await.into_iter().collect()
    }

    /// Does the work that every service has, until `stop`.
    async fn repeat_housekeeping(
        &self,
        mut lock: PgConnection,
        stop: &CancellationToken,
    ) -> Result<(), DueError> {
        while !stop.is_cancelled() {
            match self.keep_house().await {
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => tracing::error!(cause = chassis::failure::chain(&error), "housekeeping failed"),
                Ok(()) => {}
            }
            let _ = tokio::time::timeout(POLL, stop.cancelled()).await;
            // The lock ends with the database session. If the session is gone, the ping fails and the loops end.
            lock.ping().await.map_err(StoreError::from)?;
        }
        Ok(())
    }

    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        // The list of organisations is shared by all, so that the Ctx needs no organisation.
        let no_organisation =
            Ctx::of_service(self.db.service(), OrganisationId(Uuid::nil()), self.clock.now());
        organisation::list(&self.db, &no_organisation).await
    }

    /// Runs a work for one organisation. A fault in the data of one organisation does not stop the work of others.
    async fn run_for(&self, work: &dyn DueWork, organisation: &Organisation) -> Result<(), DueError> {
        let ctx = Ctx::of_service(self.db.service(), organisation.id, self.clock.now());
        match work.run(&self.db, &ctx, organisation).await {
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                tracing::error!(cause = chassis::failure::chain(&error), "due work failed");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Does all work that is due now, one after the other.
    ///
    /// # Errors
    /// When the database cannot be reached: what is left stays due.
    pub async fn run_once(&self) -> Result<(), DueError> {
        for organisation in self.organisations().await? {
            for work in &self.works {
                self.run_for(&**work, &organisation).await?;
            }
        }
        self.keep_house().await
    }

    async fn keep_house(&self) -> Result<(), DueError> {
        let (db, clock) = (&self.db, &self.clock);
        housekeeping::run(db, self.retention, &self.consumers, clock.now()).await?;
        if let Err(error) = self.audit.tell_left().await {
            tracing::error!(cause = chassis::failure::chain(&error), "left records are not told");
        }
        if let Err(error) = audit::record_left_intents(db, &self.audit, clock.now()).await {
            // The intents stay: the next round records them. Other due work goes on.
            tracing::error!(cause = chassis::failure::chain(&error), "left intents are not recorded");
        }
        Ok(())
    }
}
