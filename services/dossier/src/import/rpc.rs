//! ImportRecords: all records that have arrived form one batch, so that a fast sender gets large batches and
//! a slow sender gets quick answers.

use std::pin::Pin;

use chassis::{Ctx, Failure};
use futures::{Stream, StreamExt};
use proto::dossier::v1::{ImportRecordsRequest, ImportRecordsResponse};
use store::revocation::{check_stream, until_stream_ends};
use tonic::{Request, Status, Streaming};

use super::batch;
use crate::{error::Error, state::State};

/// The maximum number of records in one transaction.
const MAX_BATCH: usize = 500;

/// The stream of results, batch after batch.
pub type Results = Pin<Box<dyn Stream<Item = Result<ImportRecordsResponse, Status>> + Send>>;

/// ImportRecords.
///
/// # Errors
/// When the request carries no `Ctx`.
pub fn import(state: &State, request: Request<Streaming<ImportRecordsRequest>>) -> Result<Results, Error> {
    let ctx = Ctx::from_request(&request)?;
    let state = state.clone();
    let mut batches = request.into_inner().ready_chunks(MAX_BATCH);
    let results = async_stream::try_stream! {
        loop {
            // The stream ends with the caller's token, also while no record comes.
            let batch = tokio::select! {
                batch = batches.next() => Ok(batch),
                failure = until_stream_ends(&state.db, &state.clock, &ctx) => Err(Status::from(failure)),
            };
            let Some(batch) = batch? else { break };
            check_stream(&state.db, &state.clock, &ctx).await.map_err(Status::from)?;
            let batch = batch.into_iter().collect::<Result<Vec<_>, Status>>()?;
            // The call's own record tells that the stream was opened; each batch has records of its own.
            let ctx = Ctx { now: state.clock.now(), call: None, ..ctx.clone() };
            // The batch runs in a task of its own: when the caller disconnects, a commit still gets its audit
            // records.
            let state = state.clone();
            let run = tokio::spawn(async move { batch::run(&state, &ctx, batch).await });
            let results = run.await.map_err(|error| Failure::internal(&error))?.map_err(Failure::from)?;
            for result in results {
                yield result;
            }
        }
    };
    Ok(Box::pin(results))
}
