//! Handles dossier's events about care: ended care plans the end of access, resumed care cancels that plan.

use chassis::time;
use proto::dossier::v1;
use store::{
    Tx,
    consumer::{Handler, HandlerError},
    event::Received,
    organisation,
};

use crate::end_of_access::{
    ends_at,
    table::{self, EndedCare},
};

/// Plans the end of access when a client's care has ended.
pub struct CareEnded;

impl Handler for CareEnded {
    type Message = v1::CareEnded;

    async fn handle(&self, tx: &mut Tx, event: Received<v1::CareEnded>) -> Result<(), HandlerError> {
        let client =
            event.client.ok_or_else(|| HandlerError::Permanent("the event names no client".into()))?;
        let ended_at = time::from_proto(event.message.ended_at.as_ref()).unwrap_or(event.occurred_at);
        let found = organisation::find(tx).await?;
        let settings = found.and_then(|found| found.settings.accounts).unwrap_or_default();
        let access_ends_at = ends_at(settings, ended_at, tx.ctx().now);
        let ended = EndedCare { at: ended_at, access_ends_at };
        Ok(table::upsert(tx, client, Some(ended), event.version).await?)
    }
}

/// Cancels the planned end of access when a client's care has resumed.
pub struct CareResumed;

impl Handler for CareResumed {
    type Message = v1::CareResumed;

    async fn handle(&self, tx: &mut Tx, event: Received<v1::CareResumed>) -> Result<(), HandlerError> {
        let client =
            event.client.ok_or_else(|| HandlerError::Permanent("the event names no client".into()))?;
        Ok(table::upsert(tx, client, None, event.version).await?)
    }
}
