//! The providers that bring messages to people: mail by SMTP, SMS by HTTP.

mod breaker;
mod mail;
mod sms;

use std::time::Duration;

use proto::{identity::v1::OrganisationSettings, messaging::v1::DeliveryFailure};
use uuid::Uuid;

pub use breaker::Breaker;
pub use mail::{Encryption, Mail, MailSettings};
pub use sms::{Sms, SmsSettings};

use crate::words::{Channel, Outgoing};

/// How long a whole attempt may take, from the connection to the provider's answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// The result of an attempt to send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted the message.
    Sent,
    /// The provider does not accept this message now, but may later.
    NotNow,
    /// The provider does not answer, or refuses the portal itself: no message would be accepted.
    Broken,
    /// The message will never be sent, for this reason.
    Never(DeliveryFailure),
    /// The message goes by the other channel: nothing was tried.
    OtherChannel,
}

impl Outcome {
    /// The outcome as a label of a metric.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotNow => "not_now",
            Self::Broken => "broken",
            Self::Never(_) => "never",
            Self::OtherChannel => "other_channel",
        }
    }
}

/// The provider of one channel.
pub enum Provider {
    /// The mail server.
    Mail(Box<Mail>),
    /// The SMS provider.
    Sms(Sms),
}

impl Provider {
    /// The channel that the provider serves.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Sms(_) => Channel::Sms,
        }
    }

    /// Makes one attempt to send a message, which ends after [`DEADLINE`] at the latest.
    pub async fn send(&self, settings: &OrganisationSettings, delivery: Uuid, message: &Outgoing) -> Outcome {
        let attempt = async {
            match (self, message) {
                (Self::Mail(mail), Outgoing::Mail(to, letter)) => {
                    mail.send(settings, delivery, to, letter).await
                }
                (Self::Sms(sms), Outgoing::Sms(to, text)) => sms.send(delivery, to, text).await,
                (Self::Mail(_), Outgoing::Sms(..)) | (Self::Sms(_), Outgoing::Mail(..)) => {
                    Outcome::OtherChannel
                }
            }
        };
        tokio::time::timeout(DEADLINE, attempt).await.unwrap_or_else(|_| {
            tracing::warn!(%delivery, channel = ?self.channel(), "the provider does not answer in time");
            Outcome::Broken
        })
    }
}
