//! The services behind the gateway: channels, and on whose behalf a call is made.

use chassis::{
    Clock,
    client::{self, Caller},
    token::{self, Signer},
};
use proto::{
    dossier::v1::dossier_service_client::DossierServiceClient,
    identity::v1::identity_service_client::IdentityServiceClient,
};
use serde::Deserialize;
use tonic::transport::Channel;

use crate::{problem::Problem, session::Session};

/// Where the services are.
#[derive(Clone, Debug, Deserialize)]
pub struct ServiceSettings {
    /// Address of identity.
    pub identity: String,
    /// Address of dossier.
    pub dossier: String,
    /// Address of messaging.
    pub messaging: String,
}

/// The services. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    identity: Channel,
    dossier: Channel,
    messaging: Channel,
    signer: Signer,
    clock: Clock,
}

impl Clients {
    /// Channels that connect when they are used.
    ///
    /// # Errors
    /// When an address is not one.
    pub fn new(
        settings: &ServiceSettings,
        signer: Signer,
        clock: Clock,
    ) -> Result<Self, tonic::transport::Error> {
        Ok(Self {
            identity: client::channel(&settings.identity)?,
            dossier: client::channel(&settings.dossier)?,
            messaging: client::channel(&settings.messaging)?,
            signer,
            clock,
        })
    }

    /// Identity, called by the gateway itself.
    ///
    /// # Errors
    /// When the gateway's key cannot sign.
    pub fn identity(&self) -> Result<IdentityServiceClient<Caller>, Problem> {
        let token = self
            .signer
            .sign(&token::Caller::Gateway, self.clock.now())
            .map_err(|error| Problem::internal(&error))?;
        Ok(IdentityServiceClient::new(client::with_token(self.identity.clone(), &token)))
    }

    /// Identity, called on behalf of a session.
    #[must_use]
    pub fn identity_for(&self, session: &Session) -> IdentityServiceClient<Caller> {
        IdentityServiceClient::new(client::with_token(self.identity.clone(), &session.token))
    }

    /// Dossier, called on behalf of a session.
    #[must_use]
    pub fn dossier_for(&self, session: &Session) -> DossierServiceClient<Caller> {
        DossierServiceClient::new(client::with_token(self.dossier.clone(), &session.token))
    }

    /// Whether every service says that it serves.
    pub async fn are_serving(&self) -> bool {
        let (identity, dossier, messaging) = tokio::join!(
            client::is_serving(self.identity.clone(), "identity"),
            client::is_serving(self.dossier.clone(), "dossier"),
            client::is_serving(self.messaging.clone(), "messaging"),
        );
        identity && dossier && messaging
    }
}
