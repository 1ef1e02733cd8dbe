//! Replaces a password, and ends the access that the old password gave.

use chassis::id::SessionId;
use proto::identity::v1::{ErrorReason, SecurityChange};
use store::Tx;
use uuid::Uuid;

use crate::{
    account::{self, Account},
    device,
    error::Error,
    impersonation, login, session,
    state::State,
};

/// Replaces an account's password by one with this hash. The account's other sessions and logins end, its
/// impersonation links become invalid, and its owner gets a notice. After a reset every remembered device
/// asks for a code again (REC-03, ASVS 7.4.3). `keep` is the session or login that stays.
///
/// # Errors
/// [`ErrorReason::SessionEnded`] if the password was replaced meanwhile, which ended the caller's session.
pub async fn replace(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    hash: &str,
    keep: Option<Uuid>,
    is_reset: bool,
) -> Result<(), Error> {
    if !account::table::set_password(tx, account, hash).await? {
        return Err(ErrorReason::SessionEnded.into());
    }
    // Delete the links before `end_all` lists the sessions: a link that is opened meanwhile either made a
    // session that is listed, or can make none.
    impersonation::table::delete_all(tx, account.id).await?;
    login::table::end_all(tx, account.id, keep).await?;
    session::end_all(tx, account.id, keep.map(SessionId)).await?;
    if is_reset {
        device::table::delete(tx, account.id, None).await?;
    }
    let now = tx.ctx().now;
    account::notify(state, tx, account, account.recipient(), SecurityChange::Password, now).await
}
