//! Dossier tells how a client is called, at registration and at every change: kept for chooser and banner.

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

/// Handles one of the two events.
pub struct ClientName<M> {
    seal: SealKeys,
    event: PhantomData<fn() -> M>,
}

impl ClientName<ClientRegistered> {
    /// A client was registered.
    pub const fn registered(seal: SealKeys) -> Self {
        Self { seal, event: PhantomData }
    }
}

impl ClientName<ClientChanged> {
    /// A client's record changed.
    pub const fn changed(seal: SealKeys) -> Self {
        Self { seal, event: PhantomData }
    }
}

/// Both events carry the name.
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
        let client = event.client.ok_or_else(|| HandlerError::Never("no client named".into()))?;
        let name: Sealed = self
            .seal
            .open(event.organisation, event.message.name())
            .map_err(|error| HandlerError::Never(Box::new(error)))?;
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
