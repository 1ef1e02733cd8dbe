//! Ending sessions, with the event that makes gateways drop them.

use chassis::id::{AccountId, SessionId};
use proto::identity::v1::SessionEnded;
use store::{About, Tx};

use super::table;
use crate::error::Error;

/// Ends all sessions of an account except `but`.
///
/// # Errors
/// When the database is away.
pub async fn end_all(tx: &mut Tx, account: AccountId, but: Option<SessionId>) -> Result<(), Error> {
    for session in table::list(tx, account).await? {
        if Some(session.id) != but {
            end(tx, account, session.id).await?;
        }
    }
    Ok(())
}

/// Ends one session of an account. A session that has ended already is left alone.
///
/// # Errors
/// When the database is away.
pub async fn end(tx: &mut Tx, account: AccountId, session: SessionId) -> Result<(), Error> {
    if table::delete(tx, account, session).await? {
        let event = SessionEnded { session_id: session.to_string(), account_id: account.to_string() };
        tx.emit(About::new(session.uuid(), 1), &event).await?;
    }
    Ok(())
}
