//! Which grants a person may change: never their own, and never those that only the organisation may give.

use proto::identity::v1::{ErrorReason, RelationKind};
use store::Tx;
use uuid::Uuid;

use super::{AccessGrant, table};
use crate::error::Error;

/// Whether only the organisation may change grants with this relation: the client's own, and a
/// representative's.
pub const fn is_fixed(relation: RelationKind) -> bool {
    matches!(relation, RelationKind::Client | RelationKind::Representative)
}

/// Locks another account's grant on the chosen client. A grant that the caller may not change is answered as
/// if it did not exist.
///
/// # Errors
/// [`ErrorReason::AccountUnknown`] when the grant does not exist, has ended, or must not be changed by the
/// caller.
pub async fn lock_changeable(tx: &mut Tx, access_id: &str) -> Result<AccessGrant, Error> {
    let unknown = || Error::from(ErrorReason::AccountUnknown);
    let id = Uuid::try_parse(access_id).map_err(|_| unknown())?;
    tx.ctx().concerns("access", id);
    let client = tx.ctx().client()?;
    let account = table::find_account(tx, id, client).await?.ok_or_else(unknown)?;
    let grant = table::lock(tx, account, client).await?.filter(|grant| grant.id == id).ok_or_else(unknown)?;
    let is_over = grant.valid_until.is_some_and(|end| end <= tx.ctx().now);
    if account.to_string() == tx.ctx().actor.id || is_over || is_fixed(grant.relation) {
        return Err(unknown());
    }
    Ok(grant)
}
