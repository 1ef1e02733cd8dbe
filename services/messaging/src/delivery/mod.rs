//! A delivery: one e-mail or SMS, from its arrival until it is sent or has failed.

mod receive;
mod send;
mod table;

use std::sync::LazyLock;

use chassis::{
    id::OrganisationId,
    seal::{SealError, SealKeys},
};
use jiff::{SignedDuration, Timestamp};
use prost::{DecodeError, Message, Name};
use prost_types::Any;
use proto::identity::v1;
use uuid::Uuid;

use crate::words::{Channel, Code};

pub use self::table::delete_of_account;
pub use receive::Receive;
pub use send::{DeleteEnded, SendDue};

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The id of the event that carried the delivery.
    pub id: Uuid,
    /// The type name of the delivery's message.
    pub kind: String,
    /// The account of the recipient.
    pub account: Uuid,
    /// The message as it arrived: its content is sealed.
    pub payload: Vec<u8>,
    /// From this moment on, the delivery is of no use and is not sent.
    pub expires_at: Timestamp,
    /// The number of attempts, including the current one.
    pub attempts: i32,
    /// The trace in which the delivery was requested; empty when there is none.
    pub traceparent: String,
}

/// The fields of a delivery that are not sealed.
pub struct PlainFields {
    /// From this moment on, the delivery is of no use and is not sent.
    pub expires_at: Timestamp,
    /// The account of the recipient.
    pub account: Uuid,
}

/// The content of a delivery, which travels sealed.
pub enum Content {
    /// A code, for any purpose.
    Code(Code),
    /// The user name and password for the first login.
    Welcome(v1::WelcomeMessageContent),
    /// A temporary password.
    ResetPassword(v1::ResetPasswordContent),
    /// A link to choose a new password.
    ResetLink(v1::ResetLinkContent),
    /// An invitation to a dossier.
    Invitation(v1::InvitationMessageContent),
    /// What has changed about an account.
    Notice(v1::SecurityNoticeContent),
}

/// Why a delivery cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Messaging does not know the type.
    #[error("unknown kind of delivery")]
    Kind,
    /// The bytes are no message of the type.
    #[error("the delivery cannot be decoded")]
    Decode(#[from] DecodeError),
    /// The content is not sealed to messaging.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A field outside of the seal is missing or malformed.
    #[error("the field {0} is missing or malformed")]
    Missing(&'static str),
}

/// Reads the fields that are not sealed.
///
/// # Errors
/// [`Unreadable`] when the message is no delivery or lacks a field.
pub fn plain_fields(data: &Any) -> Result<PlainFields, Unreadable> {
    let kind = chassis::contract::type_name(data);
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return Err(Unreadable::Kind);
    }
    // All kinds of deliveries have the same three fields: `LoginCode` can decode each of them.
    let message = v1::LoginCode::decode(data.value.as_slice())?;
    Ok(PlainFields {
        expires_at: chassis::time::from_proto(message.expires_at.as_ref())
            .ok_or(Unreadable::Missing("expires_at"))?,
        account: message.account_id.parse().map_err(|_| Unreadable::Missing("account_id"))?,
    })
}

impl Content {
    /// How the content travels: codes and notices by SMS when the recipient has a phone number, letters by e-mail.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Code(code) => Channel::of(Some(&code.recipient)),
            Self::Notice(notice) => Channel::of(notice.recipient.as_ref()),
            Self::Welcome(_) | Self::ResetPassword(_) | Self::ResetLink(_) | Self::Invitation(_) => {
                Channel::Mail
            }
        }
    }
}

/// Decodes a delivery of one kind and opens its seal.
type Open = fn(&SealKeys, OrganisationId, &[u8]) -> Result<Content, Unreadable>;

/// The kinds of deliveries: the type name on the bus, and how to open each.
static KINDS: LazyLock<[(String, Open); 11]> = LazyLock::new(|| {
    macro_rules! kind {
        ($delivery:ident, $content:expr) => {
            (v1::$delivery::full_name(), |keys, organisation, bytes| {
                let message = v1::$delivery::decode(bytes)?;
                Ok($content(keys.open(organisation, message.content.as_ref())?))
            })
        };
    }
    macro_rules! code {
        ($delivery:ident, $content:ident, $purpose:literal $(, $document:expr)?) => {
            kind!($delivery, |content: v1::$content| {
                let document = (String::new(), 0);
                $(let document = $document(&content).unwrap_or(document);)?
                Content::Code(Code {
                    recipient: content.recipient.unwrap_or_default(),
                    purpose: $purpose,
                    digits: content.code,
                    life_minutes: content.life_minutes,
                    document,
                })
            })
        };
    }
    [
        code!(LoginCode, LoginCodeContent, "login"),
        code!(DeviceCode, DeviceCodeContent, "device"),
        code!(StepUpCode, StepUpCodeContent, "step-up"),
        code!(EmailChangeCode, EmailChangeCodeContent, "email-change"),
        code!(PhoneChangeCode, PhoneChangeCodeContent, "phone-change"),
        code!(SigningCode, SigningCodeContent, "signing", |content: &v1::SigningCodeContent| {
            Some((content.document_kind.clone(), content.document_version))
        }),
        kind!(WelcomeMessage, Content::Welcome),
        kind!(ResetPassword, Content::ResetPassword),
        kind!(ResetLink, Content::ResetLink),
        kind!(InvitationMessage, Content::Invitation),
        kind!(SecurityNotice, Content::Notice),
    ]
});

/// Opens the seal of a delivery of this kind.
///
/// # Errors
/// [`Unreadable`] when the delivery cannot be decoded or is not sealed to messaging.
pub fn open(
    keys: &SealKeys,
    organisation: OrganisationId,
    kind: &str,
    payload: &[u8],
) -> Result<Content, Unreadable> {
    let (_, open) = KINDS.iter().find(|(known, _)| *known == kind).ok_or(Unreadable::Kind)?;
    open(keys, organisation, payload)
}

/// The wait after a number of failed attempts: 1 s after the first, doubled each time, at most a minute.
#[must_use]
pub fn back_off(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 7)).unwrap_or(1) - 1;
    SignedDuration::from_secs(2_i64.pow(doublings).min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let waits: Vec<i64> = (1..=9).map(|attempts| back_off(attempts).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn an_unknown_kind_is_refused() {
        let any = Any { type_url: "type.googleapis.com/zorgportaal.x.v1.Y".to_owned(), value: Vec::new() };
        assert!(matches!(plain_fields(&any), Err(Unreadable::Kind)));
    }
}
