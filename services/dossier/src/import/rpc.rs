//! ImportRecords: takes whatever has come in as one batch, so that a fast sender gets large batches and a slow one
//! gets quick answers.

use std::pin::Pin;

use chassis::{Ctx, Failure};
use futures::{Stream, StreamExt};
use proto::dossier::v1::{ImportRecordsRequest, ImportRecordsResponse};
use tonic::{Request, Status, Streaming};

use super::batch;
use crate::{error::Error, state::State};

/// How many records share one transaction at most.
const BATCH: usize = 500;

/// The results, in the order of the batches.
pub type Results = Pin<Box<dyn Stream<Item = Result<ImportRecordsResponse, Status>> + Send>>;

/// ImportRecords.
///
/// # Errors
/// When there is no Ctx beside the request.
pub fn import(state: &State, request: Request<Streaming<ImportRecordsRequest>>) -> Result<Results, Error> {
    let ctx = Ctx::of(&request)?;
    let state = state.clone();
    let mut batches = request.into_inner().ready_chunks(BATCH);
    let results = async_stream::try_stream! {
        while let Some(batch) = batches.next().await {
            let batch = batch.into_iter().collect::<Result<Vec<_>, Status>>()?;
            let ctx = Ctx { now: state.clock.now(), ..ctx.clone() };
            // In a task of its own: a caller that goes away must not part a commit from its audit records.
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
