//! Stores arriving deliveries in the table, so that the bus may delete them.

use chassis::seal::SealKeys;
use futures::future::BoxFuture;
use prost_types::Any;
use store::{
    Tx,
    consumer::{AnyHandler, HandlerError},
    due::Wake,
    event::Received,
};

use super::{open, plain_fields, table};
use crate::words::Channel;

/// The handler of all messages under `delivery.`.
pub struct Receive {
    seal: SealKeys,
    wake: Wake,
}

impl Receive {
    /// A handler that wakes the senders after each commit.
    #[must_use]
    pub const fn new(seal: SealKeys, wake: Wake) -> Self {
        Self { seal, wake }
    }
}

impl AnyHandler for Receive {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let fields =
                plain_fields(&event.message).map_err(|error| HandlerError::Permanent(Box::new(error)))?;
            let kind = chassis::contract::type_name(&event.message);
            // What does not open goes to the mail loop, which ends the delivery as refused.
            let channel = open(&self.seal, event.organisation, kind, &event.message.value)
                .map_or(Channel::Mail, |content| content.channel());
            Ok(table::insert(tx, event.id.uuid(), &event.message, &fields, channel).await?)
        })
    }

    fn after_commit(&self) {
        self.wake.notify();
    }
}
