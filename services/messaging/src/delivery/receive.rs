//! Stores arriving deliveries in the table, so that the bus may delete them.

use std::sync::Arc;

use futures::future::BoxFuture;
use prost_types::Any;
use store::{
    Tx,
    consumer::{AnyHandler, HandlerError},
    event::Received,
};
use tokio::sync::Notify;

use super::{plain_fields, table};

/// The handler of all messages under `delivery.`.
pub struct Receive {
    wake: Arc<Notify>,
}

impl Receive {
    /// A handler that wakes the sender after each commit.
    #[must_use]
    pub const fn new(wake: Arc<Notify>) -> Self {
        Self { wake }
    }
}

impl AnyHandler for Receive {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let fields =
                plain_fields(&event.message).map_err(|error| HandlerError::Permanent(Box::new(error)))?;
            Ok(table::insert(tx, event.id.uuid(), &event.message, &fields).await?)
        })
    }

    fn after_commit(&self) {
        self.wake.notify_one();
    }
}
