//! Identity tells that an account is gone: nothing is kept of what was to be sent to it, or was sent (R55).

use proto::identity::v1;
use store::{
    Tx,
    consumer::{Handler, HandlerError},
    event::Received,
};

use crate::delivery;

/// Forgets an account's deliveries.
pub struct AccountRemoved;

impl Handler for AccountRemoved {
    type Message = v1::AccountRemoved;

    async fn handle(&self, tx: &mut Tx, event: Received<v1::AccountRemoved>) -> Result<(), HandlerError> {
        Ok(delivery::forget(tx, event.aggregate).await?)
    }
}
