//! ImportRecords: all records that have arrived form one batch, so that a fast sender gets large batches and
//! a slow sender gets quick answers.

use std::pin::Pin;

use chassis::{Ctx, Failure};
use futures::{FutureExt, Stream, StreamExt};
use prost::Message;
use proto::dossier::v1::{ImportRecordsRequest, ImportRecordsResponse};
use store::revocation::{check_stream, until_stream_ends};
use tonic::{Request, Status, Streaming};

use super::batch;
use crate::{error::Error, state::State};

/// The maximum number of records in one transaction.
const MAX_BATCH: usize = 500;
/// The size in bytes at which a batch is full, whatever the number of its records.
const MAX_BATCH_SIZE: usize = 8 * 1024 * 1024;
/// The stream of results, batch after batch.
pub type Results = Pin<Box<dyn Stream<Item = Result<ImportRecordsResponse, Status>> + Send>>;

/// ImportRecords.
///
/// # Errors
/// When the request carries no `Ctx`.
pub fn import(state: &State, request: Request<Streaming<ImportRecordsRequest>>) -> Result<Results, Error> {
    let ctx = Ctx::from_request(&request)?;
    let state = state.clone();
    let mut records = request.into_inner();
    let results = async_stream::try_stream! {
        loop {
            // The stream ends with the caller's token, also while no record comes.
            let batch = tokio::select! {
                batch = next_batch(&mut records) => Ok(batch),
                failure = until_stream_ends(&state.db, &state.clock, &ctx) => Err(Status::from(failure)),
            };
            let (batch, end) = batch?;
            if batch.is_empty() {
                end?;
                break;
            }
            check_stream(&state.db, &state.clock, &ctx).await.map_err(Status::from)?;
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
            end?;
        }
    };
    Ok(Box::pin(results))
}

/// The records that have arrived; waits for the first. Also returns why the stream ended behind them, if it failed. No
/// records: the stream has ended.
async fn next_batch(
    records: &mut (impl Stream<Item = Result<ImportRecordsRequest, Status>> + Unpin),
) -> (Vec<ImportRecordsRequest>, Result<(), Status>) {
    let (mut batch, mut size) = (Vec::new(), 0);
    let mut next = records.next().await;
    loop {
        match next {
            Some(Ok(record)) => {
                size += record.encoded_len();
                batch.push(record);
            }
            Some(Err(status)) => return (batch, Err(status)),
            None => return (batch, Ok(())),
        }
        if batch.len() >= MAX_BATCH || size >= MAX_BATCH_SIZE {
            return (batch, Ok(()));
        }
        match records.next().now_or_never() {
            Some(arrived) => next = arrived,
            None => return (batch, Ok(())),
        }
    }
}
