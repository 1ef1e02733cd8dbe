//! Where the services of this machine are, and as whom they are called.

use std::{collections::BTreeMap, path::Path};

use chassis::channel::{self, Channel};
use proto::identity::v1::{IssueSystemTokenRequest, identity_service_client::IdentityServiceClient};
use serde::{Deserialize, Serialize};
use tonic::Status;
use tonic_types::StatusExt;

use crate::terminal::BoxError;

/// Where the services are, and as whom to call them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Connection {
    /// Addresses of the services, by name.
    pub services: BTreeMap<String, String>,
    /// The operators' credential.
    pub operator_secret: String,
    /// The ECD's credential of each organisation, by its key.
    pub systems: BTreeMap<String, Credential>,
}

/// A system's credential.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credential {
    /// The system's id.
    pub system_id: String,
    /// Its secret.
    pub secret: String,
}

impl Connection {
    /// From `demo.json` in the data folder.
    ///
    /// # Errors
    /// When it is not there: then nothing runs here.
    pub fn read(data: &Path) -> Result<Self, BoxError> {
        let file = data.join("demo.json");
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{} cannot be read ({error}): is the demo running?", file.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    fn address(&self, service: &str) -> Result<&str, BoxError> {
        Ok(self.services.get(service).ok_or_else(|| format!("there is no service {service}"))?)
    }

    async fn token(&self, system_id: &str, secret: &str) -> Result<String, BoxError> {
        let mut identity = IdentityServiceClient::new(channel::connect(self.address("identity")?)?);
        let request = IssueSystemTokenRequest { system_id: system_id.to_owned(), secret: secret.to_owned() };
        Ok(identity.issue_system_token(request).await.map_err(|status| in_words(&status))?.into_inner().token)
    }

    /// Identity, called as operator.
    ///
    /// # Errors
    /// When identity is away or refuses.
    pub async fn as_operator(&self) -> Result<IdentityServiceClient<Channel>, BoxError> {
        let token = self.token("operator", &self.operator_secret).await?;
        let channel = channel::connect(self.address("identity")?)?;
        Ok(IdentityServiceClient::new(channel::with_token(channel, &token)))
    }

    /// A service, called as the ECD of an organisation.
    ///
    /// # Errors
    /// When identity is away or refuses.
    pub async fn as_system(&self, organisation: &str, service: &str) -> Result<Channel, BoxError> {
        let credential = self
            .systems
            .get(organisation)
            .ok_or_else(|| format!("no credential of an organisation {organisation}"))?;
        let token = self.token(&credential.system_id, &credential.secret).await?;
        let channel = channel::connect_streaming(self.address(service)?)?;
        Ok(channel::with_token(channel, &token))
    }
}

/// A refusal, in words for whoever typed the command.
pub fn in_words(status: &Status) -> BoxError {
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        return format!("not reached: {:?}", status.code()).into();
    };
    let mut words = format!("refused: {}", info.reason);
    for fault in details.bad_request().iter().flat_map(|bad| &bad.field_violations) {
        words = format!("{words} {}: {}", fault.field, fault.reason);
    }
    words.into()
}
