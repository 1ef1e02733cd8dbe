//! Ends sessions, and emits the event that makes gateways drop them.

use chassis::id::{AccountId, SessionId};
use proto::identity::v1::SessionEnded;
use store::{About, Tx};

use super::table;
use crate::error::Error;

/// Ends all sessions of an account except one.
///
/// # Errors
/// If the database cannot be reached.
pub async fn end_all(tx: &mut Tx, account: AccountId, except: Option<SessionId>) -> Result<(), Error> {
    for session in table::list(tx, account).await? {
        if Some(session.id) != except {
            end(tx, account, session.id).await?;
        }
    }
    Ok(())
}

/// Ends one session of an account; does nothing if the session has already ended.
///
/// # Errors
/// If the database cannot be reached.
pub async fn end(tx: &mut Tx, account: AccountId, session: SessionId) -> Result<(), Error> {
    if table::delete(tx, account, session).await? {
        let event = SessionEnded { session_id: session.to_string(), account_id: account.to_string() };
        tx.emit(About::new(session.uuid(), 1), &event).await?;
    }
    Ok(())
}
