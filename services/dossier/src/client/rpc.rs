//! Upserting and getting clients.

use chassis::Ctx;
use proto::dossier::v1::{
    ErrorReason, GetClientRequest, GetClientResponse, UpsertClientRequest, UpsertClientResponse,
};
use store::Mode;
use tonic::{Request, Response};

use super::{parse, table, write};
use crate::{error::Error, state::State};

/// UpsertClient.
pub async fn upsert(
    state: &State,
    request: Request<UpsertClientRequest>,
) -> Result<Response<UpsertClientResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let record = request.into_inner().client.unwrap_or_default();
    let client = parse(record, ctx.now).map_err(Error::Fields)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let (id, outcome) = write(state, &mut tx, &client).await?;
    ctx.concerns_client(id);
    tx.commit().await?;
    Ok(Response::new(UpsertClientResponse { client_id: id.to_string(), outcome: outcome.into() }))
}

/// GetClient.
pub async fn get(
    state: &State,
    request: Request<GetClientRequest>,
) -> Result<Response<GetClientResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let id = request.get_ref().client_id.parse().map_err(|_| ErrorReason::ClientUnknown)?;
    ctx.concerns_client(id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let client = table::find(&mut tx, id).await?.ok_or(ErrorReason::ClientUnknown)?;
    Ok(Response::new(GetClientResponse { client: Some(client.into()) }))
}
