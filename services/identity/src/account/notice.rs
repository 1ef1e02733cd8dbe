//! Telling people what has changed about their account (ASVS 6.3.7, REC-03).

use chassis::time;
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::{Recipient, SecurityChange, SecurityNotice, SecurityNoticeContent};
use store::{About, Tx};

use super::Account;
use crate::{error::Error, state::State};

/// For how long telling is of use.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Tells somebody what has changed, or will at a time. It goes to `recipient`: an address that was replaced, as a rule
/// the account's own.
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
