//! Work that falls due: one loop per service, under an advisory lock, organisation by organisation.
//! The loop also blanks what the event log keeps of deliveries whose time is over.

use std::{sync::Arc, time::Duration};

use chassis::{Clock, Ctx, id::OrganisationId};
use futures::future::BoxFuture;
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Db, StoreError, organisation, organisation::Organisation};

/// The advisory lock of the loop; any number that nothing else in this database uses.
const LOCK: i64 = 0x4455_4500;
/// How often the loop looks when nothing wakes it.
const POLL: Duration = Duration::from_secs(1);

/// Why due work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DueError {
    /// The stores. Where the database is away, the whole loop pauses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rule of the service refused, though no caller waits for an answer: a fault in the data or in the code.
    #[error("a rule refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DueError {
    /// Whether trying again later may help.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }
}

/// One kind of work that falls due.
pub trait DueWork: Send + Sync + 'static {
    /// Does what is due in an organisation at `ctx.now`.
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>>;
}

/// Runs all due work of a service until cancelled. `wake` makes it look at once.
pub async fn run(
    db: Db,
    clock: Clock,
    works: Vec<Box<dyn DueWork>>,
    wake: Arc<Notify>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        if let Err(error) = lead(&db, &clock, &works, &wake, &shutdown).await {
            tracing::warn!(cause = chassis::failure::chain(&error), "due work pauses");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Works as long as the lock is held; returns where another process has it.
async fn lead(
    db: &Db,
    clock: &Clock,
    works: &[Box<dyn DueWork>],
    wake: &Notify,
    shutdown: &CancellationToken,
) -> Result<(), DueError> {
    let mut connection =
        PgConnection::connect_with(&db.pool().connect_options()).await.map_err(StoreError::from)?;
    let leads: bool = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "leads!""#, LOCK)
        .fetch_one(&mut connection)
        .await
        .map_err(StoreError::from)?;
    if !leads {
        return Ok(connection.close().await.map_err(StoreError::from)?);
    }
    // What was begun is finished: dropped half-way, it would be done again by the next process.
    while !shutdown.is_cancelled() {
        // The list is of no organisation; it is asked on behalf of none.
        let nobody = Ctx::of_service(db.service(), OrganisationId(Uuid::nil()), clock.now());
        for organisation in organisation::list(db, &nobody).await? {
            let ctx = Ctx::of_service(db.service(), organisation.id, clock.now());
            for work in works {
                match work.run(db, &ctx, &organisation).await {
                    Err(error) if error.is_passing() => return Err(error),
                    // A fault in one organisation's data is not the others'.
                    Err(error) => {
                        tracing::error!(cause = chassis::failure::chain(&error), "due work failed");
                    }
                    Ok(()) => {}
                }
            }
        }
        blank_expired_deliveries(db, clock.now()).await?;
        tokio::select! {
            _ = tokio::time::timeout(POLL, wake.notified()) => {}
            () = shutdown.cancelled() => {}
        }
        // Without the session there is no lock: then this fails.
        connection.ping().await.map_err(StoreError::from)?;
    }
    Ok(())
}

/// Blanks deliveries in the event log whose time is over: what they held is of no use to anybody any more.
///
/// # Errors
/// When the database is away.
pub(crate) async fn blank_expired_deliveries(db: &Db, now: jiff::Timestamp) -> Result<u64, StoreError> {
    use jiff_sqlx::ToSqlx;
    let mut tx = db.as_role("relay").await?;
    let blanked = sqlx::query!(
        "UPDATE event_log SET payload = '', expires_at = NULL WHERE expires_at < $1",
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(blanked.rows_affected())
}
