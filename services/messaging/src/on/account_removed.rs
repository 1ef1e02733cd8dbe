//! Handles AccountRemoved of identity: all deliveries of the removed account are deleted, sent or not, and its
//! dead letters are blanked (R55).

use proto::identity::v1;
use store::{
    Tx,
    consumer::{Handler, HandlerError},
    dead_letter,
    event::Received,
};

use crate::delivery;

/// Deletes the deliveries of a removed account.
pub struct AccountRemoved;

impl Handler for AccountRemoved {
    type Message = v1::AccountRemoved;

    async fn handle(&self, tx: &mut Tx, event: Received<v1::AccountRemoved>) -> Result<(), HandlerError> {
        dead_letter::blank_of_account(tx, event.aggregate).await?;
        Ok(delivery::delete_of_account(tx, event.aggregate).await?)
    }
}
