//! SMS by a provider's HTTP interface: a generic one, as `config.default.toml` describes it.

use std::{path::PathBuf, time::Duration};

use proto::messaging::v1::DeliveryFailure;
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outcome;

/// How long a provider may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings of the SMS provider.
#[derive(Clone, Debug, Deserialize)]
pub struct SmsSettings {
    /// Where it takes messages.
    pub url: String,
    /// The file that holds the bearer token; empty: none.
    pub token_file: PathBuf,
    /// Who messages are from.
    pub from: String,
}

/// The way to the SMS provider.
pub struct Sms {
    client: Client,
    url: String,
    token: Option<String>,
    from: String,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    from: &'a str,
    text: &'a str,
    /// The same for every try: the provider can tell a repetition.
    reference: Uuid,
}

impl Sms {
    /// Connects when there is something to send.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(settings: &SmsSettings) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let token = if settings.token_file.as_os_str().is_empty() {
            None
        } else {
            Some(std::fs::read_to_string(&settings.token_file)?.trim().to_owned())
        };
        Ok(Self {
            client: Client::builder().timeout(PATIENCE).build()?,
            url: settings.url.clone(),
            token,
            from: settings.from.clone(),
        })
    }

    /// Sends a text to a number in E.164.
    pub async fn send(&self, delivery: Uuid, to: &str, text: &str) -> Outcome {
        let body = Body { to, from: &self.from, text, reference: delivery };
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match request.send().await.map(|response| response.status()) {
            Ok(status) if status.is_success() => Outcome::Sent,
            Ok(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => {
                Outcome::Never(DeliveryFailure::Refused)
            }
            Ok(status) => {
                tracing::warn!(%delivery, %status, "the SMS provider does not take it");
                Outcome::NotNow
            }
            Err(error) => {
                tracing::warn!(%delivery, error = %error.without_url(), "the SMS provider is not reached");
                Outcome::NotNow
            }
        }
    }
}
