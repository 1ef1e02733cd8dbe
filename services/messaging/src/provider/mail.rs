//! Mail by SMTP (MAIL-01): text and HTML, from the organisation's own address, marked as sent by a machine.

use std::{path::PathBuf, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{authentication::Credentials, client::Tls, client::TlsParameters},
};
use proto::{identity::v1::OrganisationSettings, messaging::v1::DeliveryFailure};
use serde::Deserialize;
use uuid::Uuid;

use super::Outcome;
use crate::words::Letter;

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings of the mail server.
#[derive(Clone, Debug, Deserialize)]
pub struct MailSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// The user; empty: no log-in.
    pub user: String,
    /// The file that holds the user's password.
    pub password_file: PathBuf,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Not at all: a development mailbox alone.
    None,
    /// After a plain greeting; without it, nothing is sent.
    Starttls,
    /// From the start.
    Tls,
}

/// The way to the mail server.
pub struct Mail(AsyncSmtpTransport<Tokio1Executor>);

/// RFC 3834: no out-of-office answers, please.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mail {
    /// Connects when there is something to send.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(settings: &MailSettings) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let tls = match settings.encryption {
            Encryption::None => Tls::None,
            Encryption::Starttls => Tls::Required(TlsParameters::new(settings.host.clone())?),
            Encryption::Tls => Tls::Wrapper(TlsParameters::new(settings.host.clone())?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if !settings.user.is_empty() {
            let password = std::fs::read_to_string(&settings.password_file)?;
            transport =
                transport.credentials(Credentials::new(settings.user.clone(), password.trim().to_owned()));
        }
        Ok(Self(transport.build()))
    }

    /// Sends a letter. The same delivery has the same Message-ID, however often it is tried.
    pub async fn send(
        &self,
        settings: &OrganisationSettings,
        delivery: Uuid,
        to: &str,
        letter: &Letter,
    ) -> Outcome {
        let Some(message) = compose(settings, delivery, to, letter) else {
            return Outcome::Never(DeliveryFailure::Refused);
        };
        match self.0.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) if refuses_recipient(&error) => {
                tracing::warn!(%delivery, status = ?error.status(), "the mail server refuses");
                Outcome::Never(DeliveryFailure::Refused)
            }
            Err(error) => {
                tracing::warn!(%delivery, status = ?error.status(), "the mail server is not reached");
                Outcome::NotNow
            }
        }
    }
}

/// Whether the server will never take mail for this address. Any other refusal, such as of our own password, passes.
fn refuses_recipient(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| (550..=553).contains(&u16::from(code)))
}

fn compose(settings: &OrganisationSettings, delivery: Uuid, to: &str, letter: &Letter) -> Option<Message> {
    let from = Mailbox::new(Some(settings.name.clone()), settings.sender_address.parse().ok()?);
    let domain = settings.sender_address.split('@').nth(1)?;
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to.parse().ok()?))
        .subject(&letter.subject)
        .message_id(Some(format!("<{delivery}@{domain}>")))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .ok()
}
