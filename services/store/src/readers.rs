//! Reads of one statement, in one round trip: for what every page asks.
//!
//! Such a read needs no transaction around it. Its connection stays in the role `<service>_app`, in which row-level
//! security holds, and can only read. The statement itself sets organisation and client, by `zp_enter`.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use sqlx::PgConnection;
use tokio::{sync::Semaphore, time::Instant};

use crate::{StoreError, error::has_died};

/// How long a read waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection is used: Postgres keeps memory for each statement and table that a connection has seen.
const LIFE: Duration = Duration::from_mins(30);

/// The connections for reads. sqlx's pool would add two round trips to each read: one to end the transaction, one to
/// test the connection.
#[derive(Debug)]
pub(crate) struct Readers {
    permits: Semaphore,
    idle: Mutex<Vec<Reader>>,
}

#[derive(Debug)]
struct Reader {
    connection: PgConnection,
    opened: Instant,
}

impl Readers {
    /// At most `max` connections. They are opened when they are needed.
    pub(crate) fn new(max: u32) -> Self {
        let max = usize::try_from(max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { permits: Semaphore::new(max), idle: Mutex::default() }
    }

    /// Runs a statement on a connection; `open` opens another. A connection that died since its last use is replaced,
    /// and the statement runs again. A connection whose statement was not awaited to its end is closed.
    pub(crate) async fn read<T, O>(
        &self,
        open: impl Fn() -> O,
        statement: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError>
    where
        O: Future<Output = Result<PgConnection, StoreError>>,
    {
        let permit = tokio::time::timeout(ACQUIRE_TIMEOUT, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(sqlx::Error::PoolTimedOut.into()) };
        loop {
            let kept = self.idle().pop();
            let is_new = kept.is_none();
            let mut reader = match kept {
                Some(reader) => reader,
                None => Reader { connection: open().await?, opened: Instant::now() },
            };
            let result = statement(&mut reader.connection).await;
            match &result {
                Err(error) if has_died(error) && !is_new => {}
                Err(error) if has_died(error) => return Ok(result?),
                _ => {
                    if reader.opened.elapsed() < LIFE {
                        self.idle().push(reader);
                    }
                    return Ok(result?);
                }
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
