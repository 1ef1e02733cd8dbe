//! Writes a client and emits the event from which other services learn the name.

use chassis::id::ClientId;
use proto::dossier::v1::{ClientChanged, ClientName, ClientRegistered, UpsertOutcome};
use store::{About, StoreError, Tx};

use super::{Client, table};
use crate::{error::Error, state::State};

/// Adds or changes a client, and emits [`ClientRegistered`] or [`ClientChanged`]. A version that is not newer
/// changes nothing and emits nothing.
///
/// # Errors
/// When the database cannot be reached or the name cannot be sealed.
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
