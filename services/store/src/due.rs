//! Due work: what a service does at a given time. One loop per service runs the work for one organisation
//! after the other; an advisory lock lets only one process run the loop. The loop also does the work that every
//! service has: the ends of what it keeps, and the accesses whose process ended before it recorded or told them.

use std::{sync::Arc, time::Duration};

use chassis::{Clock, Ctx, id::OrganisationId};
use futures::future::BoxFuture;
use sqlx::Connection;
use tokio::sync::Notify;
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
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// One kind of due work.
pub trait DueWork: Send + Sync + 'static {
    /// Does the work that is due in an organisation at `ctx.now`.
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>>;
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
    /// Notified to look for work at once.
    pub wake: Arc<Notify>,
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
        // A shutdown waits for the round to end: the next process would do half-finished work again.
        while !shutdown.is_cancelled() {
            self.run_once().await?;
            tokio::select! {
                _ = tokio::time::timeout(POLL, self.wake.notified()) => {}
                () = shutdown.cancelled() => {}
            }
            // The lock ends with the database session. If the session is gone, the ping fails and the loop ends.
            connection.ping().await.map_err(StoreError::from)?;
        }
        Ok(())
    }

    /// Does all work that is due now.
    ///
    /// # Errors
    /// When the database cannot be reached: what is left stays due.
    pub async fn run_once(&self) -> Result<(), DueError> {
        let (db, clock) = (&self.db, &self.clock);
        // The list of organisations is shared by all, so that the Ctx needs no organisation.
        let no_organisation = Ctx::of_service(db.service(), OrganisationId(Uuid::nil()), clock.now());
        for organisation in organisation::list(db, &no_organisation).await? {
            let ctx = Ctx::of_service(db.service(), organisation.id, clock.now());
            for work in &self.works {
                match work.run(db, &ctx, &organisation).await {
                    Err(error) if error.is_transient() => return Err(error),
                    // A fault in the data of one organisation must not stop the work of the others.
                    Err(error) => {
                        tracing::error!(cause = chassis::failure::chain(&error), "due work failed");
                    }
                    Ok(()) => {}
                }
            }
        }
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
