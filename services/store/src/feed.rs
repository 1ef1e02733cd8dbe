//! `EventFeed`: streams a service's own events to the systems of the organisation that owns the events.

use std::pin::Pin;

use chassis::{Clock, Ctx, Failure, contract, id::OrganisationId};
use futures::Stream;
use prost::Message;
use proto::event::v1::{Event, SubscribeRequest, SubscribeResponse, event_feed_server::EventFeed};
use tonic::{Request, Response, Status};

use crate::{
    Db, StoreError, log,
    revocation::{POLL, check_stream},
};

/// The most events that one query reads.
const WINDOW: i64 = 200;

/// The event feed of one service.
pub struct Feed {
    db: Db,
    clock: Clock,
}

impl Feed {
    /// A feed of the events in this database's event log.
    #[must_use]
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }
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
        let stream = async_stream::try_stream! {
            let mut position = request.after_position;
            loop {
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
                    tokio::time::sleep(POLL).await;
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
