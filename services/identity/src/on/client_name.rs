//! Stores each client's name from dossier's events, to show it in the client chooser and the page banner.

use std::marker::PhantomData;

use chassis::seal::SealKeys;
use prost::{Message, Name};
use proto::{
    dossier::v1::{ClientChanged, ClientName as Sealed, ClientRegistered},
    event::v1,
};
use store::{
    Tx,
    consumer::{Handler, HandlerError},
    event::Received,
};

/// Stores the client's name from event `M`.
pub struct ClientName<M> {
    seal: SealKeys,
    event: PhantomData<fn() -> M>,
}

impl ClientName<ClientRegistered> {
    /// The handler of `ClientRegistered`.
    pub const fn registered(seal: SealKeys) -> Self {
        Self { seal, event: PhantomData }
    }
}

impl ClientName<ClientChanged> {
    /// The handler of `ClientChanged`.
    pub const fn changed(seal: SealKeys) -> Self {
        Self { seal, event: PhantomData }
    }
}

/// An event that carries a client's sealed name.
pub trait Named: Message + Name + Default + 'static {
    /// The sealed name.
    fn name(&self) -> Option<&v1::Sealed>;
}

impl Named for ClientRegistered {
    fn name(&self) -> Option<&v1::Sealed> {
        self.name.as_ref()
    }
}

impl Named for ClientChanged {
    fn name(&self) -> Option<&v1::Sealed> {
        self.name.as_ref()
    }
}

impl<M: Named> Handler for ClientName<M> {
    type Message = M;

    async fn handle(&self, tx: &mut Tx, event: Received<M>) -> Result<(), HandlerError> {
        let client =
            event.client.ok_or_else(|| HandlerError::Permanent("the event names no client".into()))?;
        let name: Sealed = self
            .seal
            .open(event.organisation, event.message.name())
            .map_err(|error| HandlerError::Permanent(Box::new(error)))?;
        sqlx::query!(
            "INSERT INTO client AS c (organisation_id, client_id, name, version) VALUES ($1, $2, $3, $4)
             ON CONFLICT (organisation_id, client_id) DO UPDATE
             SET name = excluded.name, version = excluded.version WHERE c.version < excluded.version",
            event.organisation.uuid(),
            client.uuid(),
            name.name,
            event.version,
        )
        .execute(tx.connection())
        .await?;
        Ok(())
    }
}
