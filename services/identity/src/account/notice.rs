//! Notices that tell people about changes to their account, so that they notice misuse (ASVS 6.3.7, REC-03).

use chassis::time;
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::{Recipient, SecurityChange, SecurityNotice, SecurityNoticeContent};
use store::{About, Tx};

use super::Account;
use crate::{error::Error, state::State};

/// How long delivery of a notice is tried: an older notice is of no use.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Sends a notice about a change of the account at time `at`, past or future. `recipient` is usually the
/// account's own address. After a change of address the notice goes to the old address, so that its owner
/// learns of the change.
pub async fn notify(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    recipient: Recipient,
    change: SecurityChange,
    at: Timestamp,
) -> Result<(), Error> {
    let now = tx.ctx().now;
    let content = SecurityNoticeContent {
        recipient: Some(recipient),
        change: change.into(),
        at: Some(time::to_proto(at)),
    };
    let content = state.sealed(tx, &content)?;
    let expires_at = now + LIFE;
    let notice = SecurityNotice {
        content,
        expires_at: Some(time::to_proto(expires_at)),
        account_id: account.id.to_string(),
    };
    tx.deliver(About::new(account.id.uuid(), 1), &notice, expires_at).await?;
    Ok(())
}
