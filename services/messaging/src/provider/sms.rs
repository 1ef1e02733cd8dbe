//! Sends SMS through a provider's HTTP interface; `config.default.toml` describes the request.

use chassis::secret_file::SecretFile;
use proto::messaging::v1::DeliveryFailure;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DEADLINE, Outcome};

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
            http: reqwest::Client::builder().timeout(DEADLINE).build()?,
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
                return Outcome::Broken;
            }
        }
        let answer = request.send().await.map(|response| response.status());
        let outcome = match &answer {
            Ok(status) => outcome(*status),
            Err(_) => Outcome::Broken,
        };
        if outcome != Outcome::Sent {
            // The error names the provider's URL, which may hold a secret of its own.
            let (status, error) = (answer.as_ref().ok(), answer.as_ref().err().map(causes));
            tracing::warn!(%delivery, ?status, error, ?outcome, "the SMS was not sent");
        }
        outcome
    }
}

/// What an answer means: 400, 413 and 422 refuse this message for good, 409 and 429 for now. Every other answer that
/// is no success concerns the provider: its own fault, or a refusal of the portal.
fn outcome(status: StatusCode) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Sent,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Outcome::Never(DeliveryFailure::Refused)
        }
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Outcome::NotNow,
        _ => Outcome::Broken,
    }
}

/// The kind of an error of the request, without the URL.
fn causes(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    }
}
