//! The providers that bring messages to people: mail by SMTP, SMS by HTTP.

mod mail;
mod sms;

use proto::messaging::v1::DeliveryFailure;

pub use mail::{Encryption, Mail, MailSettings};
pub use sms::{Sms, SmsSettings};

/// The result of an attempt to send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted the message.
    Sent,
    /// The provider may accept the message later.
    NotNow,
    /// The message will never be sent, for this reason.
    Never(DeliveryFailure),
}
