//! What others hear of grants: every change whole, and every end.

use chassis::id::{AccountId, ClientId};
use proto::identity::v1::{AccessEnded, GrantChanged};
use store::{About, Tx, event::timestamp};

use super::{AccessGrant, store as table, to_grants};
use crate::error::Error;

/// Tells what a grant is now; `version` is the one that it was written with.
///
/// # Errors
/// When the database is away.
pub async fn tell(tx: &mut Tx, grant: &AccessGrant, version: i64) -> Result<(), Error> {
    let event = GrantChanged {
        account_id: grant.account.to_string(),
        relation: grant.relation.into(),
        grants: to_grants(&grant.sections),
        valid_from: Some(timestamp(grant.valid_from)),
        valid_until: grant.valid_until.map(timestamp),
    };
    Ok(tx.emit(About::new(grant.account.uuid(), version).client(grant.client), &event).await?)
}

/// Ends an account's access to a client now; says whether there was any.
///
/// # Errors
/// When the database is away.
pub async fn end(tx: &mut Tx, account: AccountId, client: ClientId) -> Result<bool, Error> {
    let Some(mut grant) = table::lock(tx, account, client).await?.filter(|grant| grant.active) else {
        return Ok(false);
    };
    grant.active = false;
    // An end that has passed stays as it was given.
    grant.valid_until = Some(grant.valid_until.map_or(tx.ctx().now, |until| until.min(tx.ctx().now)));
    let version = table::set_sections(tx, &grant).await?;
    let event = AccessEnded { account_id: account.to_string() };
    tx.emit(About::new(account.uuid(), version).client(client), &event).await?;
    Ok(true)
}
