//! Which access a person may change: never their own, and never what the organisation alone gives.

use proto::identity::v1::{ErrorReason, RelationKind};
use store::Tx;
use uuid::Uuid;

use super::{AccessGrant, table};
use crate::error::Error;

/// Whether only the organisation may change access of this relation: the client's own, and a representative's.
pub const fn is_fixed(relation: RelationKind) -> bool {
    matches!(relation, RelationKind::Client | RelationKind::Representative)
}

/// Locks the grant of another account on the chosen client. A grant that the caller may not change looks as if it did
/// not exist.
///
/// # Errors
/// [`ErrorReason::AccountUnknown`].
pub async fn lock_changeable(tx: &mut Tx, access_id: &str) -> Result<AccessGrant, Error> {
    let unknown = || Error::from(ErrorReason::AccountUnknown);
    let id = Uuid::try_parse(access_id).map_err(|_| unknown())?;
    let client = tx.ctx().client()?;
    let account = table::find_account(tx, id, client).await?.ok_or_else(unknown)?;
    let grant = table::lock(tx, account, client).await?.filter(|grant| grant.id == id).ok_or_else(unknown)?;
    let is_over = grant.valid_until.is_some_and(|end| end <= tx.ctx().now);
    if account.to_string() == tx.ctx().actor.id || is_over || is_fixed(grant.relation) {
        return Err(unknown());
    }
    Ok(grant)
}
