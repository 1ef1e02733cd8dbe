//! Lists the clients whose dossiers an account may see, and chooses one of them for a session.

use chassis::{Ctx, Failure};
use proto::identity::v1::{
    ErrorReason, ListMyClientsRequest, ListMyClientsResponse, MyClient, RelationKind, SelectClientRequest,
    SelectClientResponse, SessionChanged,
};
use store::{About, Mode};
use tonic::{Request, Response};

use super::table;
use crate::{account::own_id, error::Error, grant, state::State};

/// ListMyClients.
pub async fn list(
    state: &State,
    request: Request<ListMyClientsRequest>,
) -> Result<Response<ListMyClientsResponse>, Error> {
    // Without the chosen client in the context, the query finds all of the account's clients.
    let ctx = Ctx { client: None, ..Ctx::from_request(&request)? };
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let current = grant::table::list_current(&mut tx, own_id(&ctx)?).await?;
    let clients = current.into_iter().map(|grant| MyClient {
        client_id: grant.client.to_string(),
        name: grant.client_name,
        is_client: grant.relation == RelationKind::Client,
    });
    Ok(Response::new(ListMyClientsResponse { clients: clients.collect() }))
}

/// SelectClient. The event makes gateways drop their cached copy of the session.
pub async fn select(
    state: &State,
    request: Request<SelectClientRequest>,
) -> Result<Response<SelectClientResponse>, Error> {
    let ctx = Ctx { client: None, ..Ctx::from_request(&request)? };
    let session = ctx.session.ok_or_else(Failure::token_refused)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let current = grant::table::list_current(&mut tx, own_id(&ctx)?).await?;
    let chosen = current.iter().find(|grant| grant.client.to_string() == request.get_ref().client_id);
    let chosen = chosen.ok_or(ErrorReason::ClientUnknown)?;
    ctx.concerns_client(chosen.client);
    table::choose(&mut tx, session, chosen.client).await?;
    let event = SessionChanged { session_id: session.to_string(), account_id: ctx.actor.id.clone() };
    tx.emit(About::new(session.uuid(), 1), &event).await?;
    tx.commit().await?;
    Ok(Response::new(SelectClientResponse {}))
}
