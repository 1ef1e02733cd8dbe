//! Takes deliveries into the table: from then on the bus may forget them.

use std::sync::Arc;

use futures::future::BoxFuture;
use prost_types::Any;
use store::{
    Tx,
    consumer::{AnyHandler, HandlerError},
    event::Received,
};
use tokio::sync::Notify;

use super::{outside, table};

/// The handler of everything under `delivery.`.
pub struct Take {
    wake: Arc<Notify>,
}

impl Take {
    /// A handler that wakes the sender.
    #[must_use]
    pub const fn new(wake: Arc<Notify>) -> Self {
        Self { wake }
    }
}

impl AnyHandler for Take {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: Received<Any>) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let outside = outside(&event.message).map_err(|error| HandlerError::Never(Box::new(error)))?;
            Ok(table::insert(tx, event.id.uuid(), &event.message, &outside).await?)
        })
    }

    fn committed(&self) {
        self.wake.notify_one();
    }
}
