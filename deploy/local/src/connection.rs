//! Addresses of this machine's services, and the credentials that commands use to call them.

use std::collections::BTreeMap;

use chassis::channel::{self, Channel};
use proto::identity::v1::{IssueSystemTokenRequest, identity_service_client::IdentityServiceClient};
use serde::{Deserialize, Serialize};
use tonic::Status;
use tonic_types::StatusExt;

use crate::terminal::BoxError;

/// Addresses and credentials, as `demo.json` holds them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Connection {
    /// The address of each service, by the service's name.
    pub services: BTreeMap<String, String>,
    /// The secret that operators log in with.
    pub operator_secret: String,
    /// The credential of each organisation's ECD, by the organisation's key.
    pub systems: BTreeMap<String, Credential>,
}

/// The id and secret that an organisation's system (such as its ECD) logs in with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credential {
    /// The system's id.
    pub system_id: String,
    /// The system's secret.
    pub secret: String,
}

impl Connection {
    fn address(&self, service: &str) -> Result<&str, BoxError> {
        Ok(self.services.get(service).ok_or_else(|| format!("there is no service {service}"))?)
    }

    async fn token(&self, system_id: &str, secret: &str) -> Result<String, BoxError> {
        let mut identity = IdentityServiceClient::new(channel::connect(self.address("identity")?)?);
        let request = IssueSystemTokenRequest { system_id: system_id.to_owned(), secret: secret.to_owned() };
        let issued = identity.issue_system_token(request).await;
        Ok(issued.map_err(|status| describe_status(&status))?.into_inner().token)
    }

    /// Identity's methods, called as operator.
    ///
    /// # Errors
    /// When identity cannot be reached or refuses the secret.
    pub async fn as_operator(&self) -> Result<IdentityServiceClient<Channel>, BoxError> {
        let token = self.token("operator", &self.operator_secret).await?;
        let channel = channel::connect(self.address("identity")?)?;
        Ok(IdentityServiceClient::new(channel::with_token(channel, &token)))
    }

    /// A channel to a service that calls as the ECD of an organisation.
    ///
    /// # Errors
    /// When identity cannot be reached or refuses the credential.
    pub async fn as_system(&self, organisation: &str, service: &str) -> Result<Channel, BoxError> {
        let credential = self
            .systems
            .get(organisation)
            .ok_or_else(|| format!("there is no organisation {organisation}"))?;
        let token = self.token(&credential.system_id, &credential.secret).await?;
        let channel = channel::connect_streaming(self.address(service)?)?;
        Ok(channel::with_token(channel, &token))
    }
}

/// The status of a failed call as text for the terminal: the reason, and each field that was refused.
pub fn describe_status(status: &Status) -> BoxError {
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        return format!("the call failed: {:?}", status.code()).into();
    };
    let mut words = format!("refused: {}", info.reason);
    for fault in details.bad_request().iter().flat_map(|bad| &bad.field_violations) {
        words = format!("{words} {}: {}", fault.field, fault.reason);
    }
    words.into()
}
