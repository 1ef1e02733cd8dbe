//! The services behind the gateway: a channel to each, and the token that each call carries.

use std::{collections::BTreeMap, time::Duration};

use chassis::{
    Clock,
    channel::{self, Channel},
    token::{Caller, Signer},
};
use futures::future::join_all;
use proto::{
    SERVICES,
    dossier::v1::dossier_service_client::DossierServiceClient,
    identity::v1::{FindOrganisationRequest, identity_service_client::IdentityServiceClient},
};
use tonic::{Code, transport};

use crate::{problem::Problem, session::Session};

/// How long a service may take to say that it serves: a probe of Kubernetes waits a second.
const HEALTH_DEADLINE: Duration = Duration::from_millis(800);

/// The address of each service, by its name in [`SERVICES`].
pub type ServiceSettings = BTreeMap<String, String>;

/// A channel to each service. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    all: Vec<(&'static str, transport::Channel)>,
    identity: transport::Channel,
    dossier: transport::Channel,
    signer: Signer,
    clock: Clock,
}

/// The settings have no valid address for the service with this name.
#[derive(Debug, thiserror::Error)]
#[error("settings: services.{0} is missing or is not an address")]
pub struct AddressError(&'static str);

impl Services {
    /// Channels that connect at their first use.
    ///
    /// # Errors
    /// When the address of a service is missing or invalid.
    pub fn new(settings: &ServiceSettings, signer: Signer, clock: Clock) -> Result<Self, AddressError> {
        let connect = |name| {
            let channel = settings.get(name).and_then(|address| channel::connect(address).ok());
            channel.ok_or(AddressError(name))
        };
        let all = SERVICES.into_iter().map(|name| Ok((name, connect(name)?)));
        let all: Vec<_> = all.collect::<Result<_, _>>()?;
        let channel_of = |wanted| {
            let found = all.iter().find(|(name, _)| *name == wanted).ok_or(AddressError(wanted));
            found.map(|(_, channel)| channel.clone())
        };
        Ok(Self { identity: channel_of("identity")?, dossier: channel_of("dossier")?, all, signer, clock })
    }

    /// Identity, called in the gateway's own name.
    ///
    /// # Errors
    /// When the gateway's key cannot sign.
    pub fn identity(&self) -> Result<IdentityServiceClient<Channel>, Problem> {
        let token = self.signer.sign(&Caller::Gateway, self.clock.now());
        let token = token.map_err(|error| Problem::internal(&error))?;
        Ok(IdentityServiceClient::new(channel::with_token(self.identity.clone(), &token)))
    }

    /// Identity, called on behalf of a session.
    #[must_use]
    pub fn identity_for(&self, session: &Session) -> IdentityServiceClient<Channel> {
        IdentityServiceClient::new(channel::with_token(self.identity.clone(), &session.token))
    }

    /// Dossier, called on behalf of a session.
    #[must_use]
    pub fn dossier_for(&self, session: &Session) -> DossierServiceClient<Channel> {
        DossierServiceClient::new(channel::with_token(self.dossier.clone(), &session.token))
    }

    /// The services that do not report that they serve.
    pub async fn away(&self) -> Vec<&'static str> {
        let answers = self.all.iter().map(|(name, channel)| async {
            let serves = channel::is_serving(channel.clone(), name);
            tokio::time::timeout(HEALTH_DEADLINE, serves).await.is_ok_and(|serves| serves)
        });
        let answers = join_all(answers).await;
        let names = self.all.iter().map(|(name, _)| *name);
        names.zip(answers).filter(|(_, serves)| !serves).map(|(name, _)| name).collect()
    }

    /// Whether identity serves and accepts the gateway's own token.
    pub async fn identity_answers(&self) -> bool {
        let asks = async {
            let serves = channel::is_serving(self.identity.clone(), "identity").await;
            let Ok(mut identity) = self.identity() else { return false };
            let asked = identity.find_organisation(FindOrganisationRequest::default()).await;
            // No organisation has no name, so that the answer "unknown" shows that the call came through.
            serves && asked.map_or_else(|status| status.code() == Code::NotFound, |_| true)
        };
        tokio::time::timeout(HEALTH_DEADLINE, asks).await.is_ok_and(|answers| answers)
    }
}
