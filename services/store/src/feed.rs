//! `EventFeed`: streams a service's own events to the systems of the organisation that owns the events.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chassis::{Clock, Ctx, Failure, contract, id::OrganisationId};
use futures::Stream;
use prost::Message;
use proto::event::v1::{Event, SubscribeRequest, SubscribeResponse, event_feed_server::EventFeed};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::{
    Db, StoreError, log,
    revocation::{POLL, check_stream},
};

/// The most events that one query reads.
const WINDOW: i64 = 200;

/// How many feeds one caller may have open in a process.
const FEEDS_OF_CALLER: usize = 8;
/// How often a feed looks by itself whether it must end.
const LOOK: Duration = Duration::from_secs(1);

/// The event feed of one service.
pub struct Feed {
    db: Db,
    clock: Clock,
    open: OpenFeeds,
    /// The last position of the event log. One task asks for the position, as long as a feed is open.
    last: watch::Sender<i64>,
    /// Whether that task runs.
    is_asking: Arc<Mutex<bool>>,
}

/// How many feeds each caller has open.
type OpenFeeds = Arc<Mutex<HashMap<String, usize>>>;

/// One open feed of a caller.
struct OpenFeed {
    open: OpenFeeds,
    caller: String,
}

impl OpenFeed {
    fn count(open: &OpenFeeds, caller: String) -> Result<Self, Failure> {
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(caller.clone()).or_default();
        if *count >= FEEDS_OF_CALLER {
            return Err(Failure::too_many_streams());
        }
        *count += 1;
        Ok(Self { open: Arc::clone(open), caller })
    }
}

impl Drop for OpenFeed {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.caller);
            }
        }
    }
}

impl Feed {
    /// A feed of the events in this database's event log.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, open: OpenFeeds::default(), last: watch::Sender::new(0), is_asking: Arc::default() }
    }

    /// Listens for new positions. The first listener starts the task that asks for them; the task ends after the last.
    fn listen(&self) -> watch::Receiver<i64> {
        let mut is_asking = self.is_asking.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = self.last.subscribe();
        if !*is_asking {
            *is_asking = true;
            tokio::spawn(ask(self.db.clone(), self.last.clone(), Arc::clone(&self.is_asking)));
        }
        listener
    }
}

/// Asks for the last position as long as anybody listens.
async fn ask(db: Db, last: watch::Sender<i64>, is_asking: Arc<Mutex<bool>>) {
    loop {
        if let Ok(now) = last_position(&db).await {
            last.send_if_modified(|before| std::mem::replace(before, now) != now);
        }
        tokio::time::sleep(POLL).await;
        // Under the lock of `listen`, so that a new listener either keeps this task or starts another one.
        let mut is_asking = is_asking.lock().unwrap_or_else(PoisonError::into_inner);
        if last.receiver_count() == 0 {
            *is_asking = false;
            return;
        }
    }
}

async fn last_position(db: &Db) -> Result<i64, StoreError> {
    let mut tx = db.as_role("relay").await?;
    Ok(log::last_position(&mut tx).await?)
}

#[tonic::async_trait]
impl EventFeed for Feed {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let ctx = Ctx::from_request(&request)?;
        let request = request.into_inner();
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let open = OpenFeed::count(&self.open, format!("{} {}", ctx.organisation, ctx.actor.id))?;
        let mut last = self.listen();
        let stream = async_stream::try_stream! {
            let _open = open;
            let mut position = request.after_position;
            loop {
                last.mark_unchanged();
                check_stream(&db, &clock, &ctx).await.map_err(Status::from)?;
                let window = read(&db, ctx.organisation, position).await.map_err(Status::from)?;
                let full = i64::try_from(window.len()) == Ok(WINDOW);
                for (event_position, event) in window {
                    position = event_position;
                    yield SubscribeResponse { position, event: Some(event) };
                }
                if !full {
                    if request.only_existing {
                        break;
                    }
                    let _ = tokio::time::timeout(LOOK, last.changed()).await;
                }
            }
        };
        Ok(Response::new(Box::pin(stream)))
    }
}

/// Reads the next events of an organisation, without deliveries and without sealed fields.
///
/// # Errors
/// "Feed position gone" when events after this position are no longer kept.
async fn read(db: &Db, organisation: OrganisationId, after: i64) -> Result<Vec<(i64, Event)>, Failure> {
    let mut tx = db.as_role("relay").await?;
    let first = log::first_position(&mut tx).await.map_err(StoreError::from)?;
    if after < first - 1 {
        return Err(Failure::feed_position_gone(first - 1));
    }
    let rows = sqlx::query!(
        "SELECT position, payload FROM event_log
         WHERE organisation_id = $1 AND position > $2 AND subject LIKE 'event.%' AND payload <> ''
         ORDER BY position LIMIT $3",
        organisation.uuid(),
        after,
        WINDOW,
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(StoreError::from)?;
    rows.into_iter()
        .map(|row| {
            let mut event = Event::decode(row.payload.as_slice()).map_err(StoreError::from)?;
            event.data = event.data.as_ref().and_then(contract::without_sealed);
            Ok((row.position, event))
        })
        .collect()
}
