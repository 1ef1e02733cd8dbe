//! Events about grants: a change carries the whole grant; the end of access is a separate event.

use chassis::{
    id::{AccountId, ClientId},
    time,
};
use proto::identity::v1::{AccessEnded, GrantChanged};
use store::{About, Tx};

use super::{AccessGrant, table, to_grants};
use crate::error::Error;

/// Emits [`GrantChanged`] with the whole grant. `version` is the version that the grant was stored with.
///
/// # Errors
/// When the database cannot be reached.
pub async fn emit_changed(tx: &mut Tx, grant: &AccessGrant, version: i64) -> Result<(), Error> {
    let event = GrantChanged {
        account_id: grant.account.to_string(),
        relation: grant.relation.into(),
        grants: to_grants(&grant.sections),
        valid_from: Some(time::to_proto(grant.valid_from)),
        valid_until: grant.valid_until.map(time::to_proto),
    };
    Ok(tx.emit(About::new(grant.account.uuid(), version).client(grant.client), &event).await?)
}

/// Ends an account's access to a client now; returns whether the account had access.
///
/// # Errors
/// When the database cannot be reached.
pub async fn end(tx: &mut Tx, account: AccountId, client: ClientId) -> Result<bool, Error> {
    let Some(mut grant) = table::lock(tx, account, client).await?.filter(|grant| grant.active) else {
        return Ok(false);
    };
    grant.active = false;
    // An end date in the past stays unchanged.
    grant.valid_until = Some(grant.valid_until.map_or(tx.ctx().now, |until| until.min(tx.ctx().now)));
    let version = table::update(tx, &grant).await?;
    let event = AccessEnded { account_id: account.to_string() };
    tx.emit(About::new(account.uuid(), version).client(client), &event).await?;
    Ok(true)
}
