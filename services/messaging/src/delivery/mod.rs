//! A delivery: one e-mail or SMS, from the moment that it comes in until it was sent or has failed.

mod send;
mod table;
mod take;

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

use crate::words::Code;

pub use self::table::forget;
pub use send::SendDue;
pub use take::Take;

/// A delivery that waits.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event that brought it.
    pub id: Uuid,
    /// The type name of what is to be sent.
    pub kind: String,
    /// Whom it is for.
    pub account: Uuid,
    /// As it came in.
    pub payload: Vec<u8>,
    /// After this it is of no use.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub attempts: i32,
    /// The trace that asked for it; empty where none did.
    pub traceparent: String,
}

/// What is said outside of the seal.
pub struct Outside {
    /// After this it is of no use.
    pub expires_at: Timestamp,
    /// Whom it is for.
    pub account: Uuid,
}

/// What is sealed.
pub enum Content {
    /// A code, whatever it is for.
    Code(Code),
    /// How to log in for the first time.
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

/// A delivery that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Of a type that messaging does not know.
    #[error("unknown kind of delivery")]
    Kind,
    /// Not the message that its type says.
    #[error("not decodable")]
    Decode(#[from] DecodeError),
    /// Not sealed to messaging.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Without an end or an account.
    #[error("the {0} is missing")]
    Missing(&'static str),
}

/// Reads what is said outside of the seal.
///
/// # Errors
/// [`Unreadable`] where it is not a delivery.
pub fn outside(data: &Any) -> Result<Outside, Unreadable> {
    let kind = chassis::contract::type_name(data);
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return Err(Unreadable::Kind);
    }
    // All deliveries have the same three fields.
    let message = v1::LoginCode::decode(data.value.as_slice())?;
    Ok(Outside {
        expires_at: chassis::time::from_proto(message.expires_at.as_ref())
            .ok_or(Unreadable::Missing("end"))?,
        account: message.account_id.parse().map_err(|_| Unreadable::Missing("account"))?,
    })
}

/// Opens the seal of one kind.
type Open = fn(&SealKeys, OrganisationId, &[u8]) -> Result<Content, Unreadable>;

/// The kinds of deliveries: the name on the bus, and how each is read.
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

impl Delivery {
    /// Opens the seal.
    ///
    /// # Errors
    /// [`Unreadable`] where it is not for messaging.
    pub fn open(&self, keys: &SealKeys, organisation: OrganisationId) -> Result<Content, Unreadable> {
        let (_, open) = KINDS.iter().find(|(known, _)| *known == self.kind).ok_or(Unreadable::Kind)?;
        open(keys, organisation, &self.payload)
    }
}

/// How long to wait after so many attempts: 1 s, doubled each time, at most a minute.
#[must_use]
pub fn back_off(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 7)).unwrap_or(1) - 1;
    SignedDuration::from_secs(2_i64.pow(doublings).min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_rise_to_a_minute() {
        let waits: Vec<i64> = (1..=9).map(|attempts| back_off(attempts).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn an_unknown_kind_is_said_so() {
        let any = Any { type_url: "type.googleapis.com/zorgportaal.x.v1.Y".to_owned(), value: Vec::new() };
        assert!(matches!(outside(&any), Err(Unreadable::Kind)));
    }
}
