//! Sends mail by SMTP (MAIL-01): text and HTML, from the organisation's own address, marked as automatic.

use chassis::{mail_address::MailAddress, secret_file::SecretFile};
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use proto::{identity::v1::OrganisationSettings, messaging::v1::DeliveryFailure};
use secrecy::ExposeSecret;
use serde::Deserialize;
use store::service::BoxError;
use uuid::Uuid;

use super::{DEADLINE, Outcome};
use crate::words::Letter;

/// The answers with which a mail server refuses the portal itself, not a message: its login (RFC 4954) and its
/// connection (RFC 7504).
const REFUSES_PORTAL: [u16; 5] = [521, 530, 534, 535, 538];

/// Settings of the mail server.
#[derive(Clone, Debug, Deserialize)]
pub struct MailSettings {
    /// The host name of the mail server.
    pub host: String,
    /// The port of the mail server.
    pub port: u16,
    /// The name with which the portal introduces itself to the mail server (EHLO, RFC 5321 §4.1.1.1); empty: the
    /// address of the connection.
    pub ehlo_name: String,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// The user name for the login; empty: no login.
    pub user: String,
    /// The file that holds the user's password.
    pub password_file: SecretFile,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// No encryption: only for a development mailbox.
    None,
    /// TLS after a plain greeting (STARTTLS); when the server does not offer this, nothing is sent.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// Sends mail through the mail server, each in a connection of its own.
pub struct Mail {
    settings: MailSettings,
    hello: ClientId,
    tls: TlsParameters,
}

/// The header of RFC 3834 that asks for no automatic answers, such as out-of-office mail.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mail {
    /// Checks the settings; each mail opens a connection.
    ///
    /// # Errors
    /// When TLS does not accept the host name, or the password file cannot be read.
    pub fn new(settings: &MailSettings) -> Result<Self, BoxError> {
        password(settings)?;
        let hello = match settings.ehlo_name.as_str() {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let tls = TlsParameters::new(settings.host.clone())?;
        Ok(Self { settings: settings.clone(), hello, tls })
    }

    /// Opens a connection and logs in, with the password that the file holds now (OPS-09).
    async fn connect(&self) -> Result<AsyncSmtpConnection, BoxError> {
        let password = password(&self.settings)?;
        let server = (self.settings.host.as_str(), self.settings.port);
        let tls = || self.tls.clone();
        let wrapper = (self.settings.encryption == Encryption::Tls).then(tls);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(DEADLINE), &self.hello, wrapper, None).await?;
        if self.settings.encryption == Encryption::Starttls {
            connection.starttls(tls(), &self.hello).await?;
        }
        if let Some(password) = password {
            let credentials = Credentials::new(self.settings.user.clone(), password);
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    /// Sends a letter. All attempts of a delivery have the same Message-ID, so that a repeat can be
    /// recognised.
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
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(cause) => {
                let cause = chassis::failure::chain(&*cause);
                tracing::warn!(%delivery, cause, "the mail server lets nobody send");
                return Outcome::Broken;
            }
        };
        let sent = connection.send(message.envelope(), &message.formatted()).await;
        let outcome = match &sent {
            Ok(_) => Outcome::Sent,
            Err(error) => {
                let (outcome, status) = (outcome(error), error.status());
                tracing::warn!(%delivery, ?status, ?outcome, "the mail was not sent");
                outcome
            }
        };
        // The answer is here: a server that is silent at the goodbye changes nothing.
        tokio::spawn(async move { tokio::time::timeout(DEADLINE, connection.abort()).await });
        outcome
    }
}

/// What an error means that came after the login: a permanent answer (5xx) or a message that the server cannot take ends the delivery;
/// a passing answer (4xx) concerns this message; everything else concerns the server.
fn outcome(error: &lettre::transport::smtp::Error) -> Outcome {
    match error.status().map(u16::from) {
        Some(421) => Outcome::Broken,
        Some(code) if REFUSES_PORTAL.contains(&code) => Outcome::Broken,
        Some(500..) => Outcome::Never(DeliveryFailure::Refused),
        Some(_) => Outcome::NotNow,
        None if error.is_client() => Outcome::Never(DeliveryFailure::Refused),
        None => Outcome::Broken,
    }
}

/// The password of the login; `None` without a login.
fn password(settings: &MailSettings) -> Result<Option<String>, BoxError> {
    if settings.user.is_empty() {
        return Ok(None);
    }
    Ok(settings.password_file.read()?.map(|password| password.expose_secret().to_owned()))
}

fn compose(settings: &OrganisationSettings, delivery: Uuid, to: &str, letter: &Letter) -> Option<Message> {
    let sender = MailAddress::parse(&settings.sender_address)?.for_sending();
    let domain = sender.domain().to_owned();
    let from = Mailbox::new(Some(settings.name.clone()), sender);
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, MailAddress::parse(to)?.for_sending()))
        .subject(&letter.subject)
        .message_id(Some(format!("<{delivery}@{domain}>")))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .ok()
}
