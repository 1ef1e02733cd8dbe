//! Registering, changing and getting clients.

use chassis::{Ctx, id::ClientId};
use proto::dossier::v1::{
    ClientChanged, ClientName, ClientRegistered, GetClientRequest, GetClientResponse, UpsertClientRequest,
    UpsertClientResponse, UpsertOutcome,
};
use store::{About, Mode, StoreError, Tx, audit::Subject};
use tonic::{Request, Response};

use super::{Client, read, store as table};
use crate::{State, error::Error};

/// UpsertClient.
pub async fn upsert(
    state: &State,
    request: Request<UpsertClientRequest>,
) -> Result<Response<UpsertClientResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let record = request.into_inner().client.unwrap_or_default();
    let client = read(record, ctx.now).map_err(Error::Fields)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let (id, outcome) = write(state, &mut tx, &client).await?;
    tx.commit().await?;
    let mut response =
        Response::new(UpsertClientResponse { client_id: id.to_string(), outcome: outcome.into() });
    response.extensions_mut().insert(Subject(id));
    Ok(response)
}

/// Writes a client and tells of it.
///
/// # Errors
/// When the database is away.
pub async fn write(state: &State, tx: &mut Tx, client: &Client) -> Result<(ClientId, UpsertOutcome), Error> {
    let (id, outcome) = table::upsert(tx, client).await?;
    let about = About::new(id.uuid(), client.origin.version).client(id);
    let name = ClientName { name: client.name.clone() };
    let name = state.seal.seal("identity", tx.ctx().organisation, &name).map_err(StoreError::from)?;
    match outcome {
        UpsertOutcome::Created => tx.emit(about, &ClientRegistered { name: Some(name) }).await?,
        UpsertOutcome::Updated => tx.emit(about, &ClientChanged { name: Some(name) }).await?,
        UpsertOutcome::Unchanged | UpsertOutcome::Unspecified => {}
    }
    Ok((id, outcome))
}

/// GetClient.
pub async fn get(
    state: &State,
    request: &Request<GetClientRequest>,
) -> Result<Response<GetClientResponse>, Error> {
    let ctx = Ctx::of(request)?;
    let id = request.get_ref().client_id.parse().map_err(|_| Error::ClientUnknown)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let client = table::find(&mut tx, id).await?.ok_or(Error::ClientUnknown)?;
    let mut response = Response::new(GetClientResponse { client: Some(client.into()) });
    response.extensions_mut().insert(Subject(id));
    Ok(response)
}
