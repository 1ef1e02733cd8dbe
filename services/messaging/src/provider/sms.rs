//! Sends SMS through a provider's HTTP interface; `config.default.toml` describes the request.

use std::time::Duration;

use chassis::secret_file::SecretFile;
use proto::messaging::v1::DeliveryFailure;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outcome;

/// The timeout of a request to the provider.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of the SMS provider.
#[derive(Clone, Debug, Deserialize)]
pub struct SmsSettings {
    /// The URL to which messages are posted.
    pub url: String,
    /// The file that holds the bearer token; empty: none.
    pub token_file: SecretFile,
    /// The sender name of the messages.
    pub from: String,
}

/// Sends SMS through the provider.
pub struct Sms {
    http: reqwest::Client,
    url: String,
    token: SecretFile,
    from: String,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    from: &'a str,
    text: &'a str,
    /// The id of the delivery: the same for every attempt, so that the provider can recognise a repeat.
    reference: Uuid,
}

impl Sms {
    /// Looks for the token; the first SMS opens the connection.
    ///
    /// # Errors
    /// When the token file cannot be read or TLS cannot be set up.
    pub fn new(settings: &SmsSettings) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        settings.token_file.read()?;
        Ok(Self {
            http: reqwest::Client::builder().timeout(TIMEOUT).build()?,
            url: settings.url.clone(),
            token: settings.token_file.clone(),
            from: settings.from.clone(),
        })
    }

    /// Sends a text to a phone number in E.164 form.
    pub async fn send(&self, delivery: Uuid, to: &str, text: &str) -> Outcome {
        let body = Body { to, from: &self.from, text, reference: delivery };
        let mut request = self.http.post(&self.url).json(&body);
        // Read at each use, so that a new token needs no restart (OPS-09).
        match self.token.read() {
            Ok(Some(token)) => request = request.bearer_auth(token.expose_secret()),
            Ok(None) => {}
            Err(cause) => {
                tracing::error!(%delivery, %cause, "the SMS provider's token cannot be read");
                return Outcome::NotNow;
            }
        }
        match request.send().await.map(|response| response.status()) {
            Ok(status) if status.is_success() => Outcome::Sent,
            Ok(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => {
                Outcome::Never(DeliveryFailure::Refused)
            }
            Ok(status) => {
                tracing::warn!(%delivery, %status, "the SMS provider does not accept the message");
                Outcome::NotNow
            }
            Err(error) => {
                tracing::warn!(%delivery, error = %error.without_url(), "the SMS provider cannot be reached");
                Outcome::NotNow
            }
        }
    }
}
