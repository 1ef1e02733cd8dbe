//! Sends mail by SMTP (MAIL-01): text and HTML, from the organisation's own address, marked as automatic.

use std::sync::{Mutex, PoisonError};

use chassis::{mail_address::MailAddress, secret_file::SecretFile};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
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

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends mail through the mail server.
pub struct Mail {
    settings: MailSettings,
    /// The transport, and the password that it logs in with.
    transport: Mutex<(Transport, Option<String>)>,
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
    /// Prepares the transport; the first mail opens the connection.
    ///
    /// # Errors
    /// When TLS does not accept the host name, or the password file cannot be read.
    pub fn new(settings: &MailSettings) -> Result<Self, BoxError> {
        let password = password(settings)?;
        let transport = Mutex::new((transport(settings, password.clone())?, password));
        Ok(Self { settings: settings.clone(), transport })
    }

    /// The transport; a new one if the password file holds another password than before (OPS-09).
    fn transport(&self) -> Result<Transport, BoxError> {
        let password = password(&self.settings)?;
        let mut current = self.transport.lock().unwrap_or_else(PoisonError::into_inner);
        if current.1 != password {
            *current = (transport(&self.settings, password.clone())?, password);
        }
        Ok(current.0.clone())
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
        let transport = match self.transport() {
            Ok(transport) => transport,
            Err(cause) => {
                tracing::error!(%delivery, %cause, "the mail server's password cannot be read");
                return Outcome::Broken;
            }
        };
        match transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) => {
                let (outcome, status) = (outcome(&error), error.status());
                tracing::warn!(%delivery, ?status, ?outcome, "the mail was not sent");
                outcome
            }
        }
    }
}

/// What an error of lettre means: a permanent answer (5xx) or a message that the server cannot take ends the delivery;
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

fn transport(settings: &MailSettings, password: Option<String>) -> Result<Transport, BoxError> {
    let tls = match settings.encryption {
        Encryption::None => Tls::None,
        Encryption::Starttls => Tls::Required(TlsParameters::new(settings.host.clone())?),
        Encryption::Tls => Tls::Wrapper(TlsParameters::new(settings.host.clone())?),
    };
    let mut transport =
        Transport::builder_dangerous(&settings.host).port(settings.port).tls(tls).timeout(Some(DEADLINE));
    if !settings.ehlo_name.is_empty() {
        transport = transport.hello_name(ClientId::Domain(settings.ehlo_name.clone()));
    }
    if let Some(password) = password {
        transport = transport.credentials(Credentials::new(settings.user.clone(), password));
    }
    Ok(transport.build())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_makes_a_new_transport() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("smtp");
        std::fs::write(&file, "first").unwrap();
        let mail = Mail::new(&MailSettings {
            host: "127.0.0.1".to_owned(),
            port: 25,
            ehlo_name: String::new(),
            encryption: Encryption::None,
            user: "portaal".to_owned(),
            password_file: SecretFile::new(file.clone()),
        })
        .unwrap();
        for password in ["first", "second"] {
            std::fs::write(&file, password).unwrap();
            mail.transport().unwrap();
            assert_eq!(mail.transport.lock().unwrap().1.as_deref(), Some(password), "OPS-09");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(mail.transport().is_err(), "without the file, messages wait");
    }
}
