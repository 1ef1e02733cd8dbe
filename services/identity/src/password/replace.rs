//! Replacing a password, and all that follows from it.

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

/// Replaces an account's password by one with this hash: its other sessions and logins end, links to look along are good
/// no more, its owner is told, and after a reset every remembered device asks for a code again (REC-03, ASVS 7.4.3).
/// `keep` is the session or the login that goes on.
///
/// # Errors
/// [`ErrorReason::SessionEnded`] where the password was replaced meanwhile: by that, whoever asks was put out.
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
    // Before the sessions are listed: a link that is opened meanwhile has made one, or makes none.
    impersonation::table::delete_all(tx, account.id).await?;
    login::table::end_all(tx, account.id, keep).await?;
    session::end_all(tx, account.id, keep.map(SessionId)).await?;
    if is_reset {
        device::table::delete(tx, account.id, None).await?;
    }
    let now = tx.ctx().now;
    account::notify(state, tx, account, account.recipient(), SecurityChange::Password, now).await
}
