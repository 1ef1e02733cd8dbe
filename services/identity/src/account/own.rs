//! The caller's own account.

use chassis::{Ctx, Failure, id::AccountId};
use proto::identity::v1::ErrorReason;
use store::Tx;

use super::{Account, table};
use crate::error::Error;

/// The id of the caller's own account.
///
/// # Errors
/// The token is refused when the caller is a system or a service: these have no account.
pub fn own_id(ctx: &Ctx) -> Result<AccountId, Error> {
    Ok(ctx.actor.id.parse().map_err(|_| Failure::token_refused())?)
}

/// Loads the caller's own account.
///
/// # Errors
/// [`ErrorReason::AccountUnknown`] when the account has been removed.
pub async fn find_own(tx: &mut Tx) -> Result<Account, Error> {
    let id = own_id(tx.ctx())?;
    Ok(table::find(tx, id).await?.ok_or(ErrorReason::AccountUnknown)?)
}
