//! Replacing a password, and all that follows from it.

use chassis::id::SessionId;
use proto::identity::v1::SecurityChange;
use store::Tx;

use crate::{
    State,
    account::{self, Account},
    device,
    error::Error,
    session,
};

/// Replaces an account's password by one with this hash: its other sessions end, its owner is told, and after a reset
/// every remembered device asks for a code again (REC-03, ASVS 7.4.3).
///
/// # Errors
/// When the database is away.
pub async fn replace(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    hash: &str,
    keep: Option<SessionId>,
    is_reset: bool,
) -> Result<(), Error> {
    account::store::set_password(tx, account.id, hash).await?;
    session::rpc::end_all(tx, account.id, keep).await?;
    if is_reset {
        device::store::delete(tx, account.id, None).await?;
    }
    let now = tx.ctx().now;
    account::notify(state, tx, account, account.recipient(), SecurityChange::Password, now).await
}
