//! The providers that bring messages to people: mail by SMTP, SMS by HTTP.

mod mail;
mod sms;

use proto::messaging::v1::DeliveryFailure;

pub use mail::{Encryption, Mail, MailSettings};
pub use sms::{Sms, SmsSettings};

/// What a provider made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took it.
    Sent,
    /// It may take it later.
    NotNow,
    /// It never will.
    Never(DeliveryFailure),
}
