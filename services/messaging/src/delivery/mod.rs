//! A delivery: one e-mail or SMS, from the moment that it comes in until it was sent or has failed.

mod send;
mod store;
mod take;

use chassis::{
    id::OrganisationId,
    seal::{SealError, SealKeys},
};
use jiff::{SignedDuration, Timestamp};
use prost::{DecodeError, Message, Name};
use prost_types::Any;
use proto::identity::v1::{LoginCode, LoginCodeContent, WelcomeMessage, WelcomeMessageContent};
use uuid::Uuid;

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
    /// How to log in for the first time.
    Welcome(WelcomeMessageContent),
    /// A login code.
    LoginCode(LoginCodeContent),
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
    let (expires_at, account) = if kind == WelcomeMessage::full_name() {
        let message = WelcomeMessage::decode(data.value.as_slice())?;
        (message.expires_at, message.account_id)
    } else if kind == LoginCode::full_name() {
        let message = LoginCode::decode(data.value.as_slice())?;
        (message.expires_at, message.account_id)
    } else {
        return Err(Unreadable::Kind);
    };
    Ok(Outside {
        expires_at: expires_at
            .as_ref()
            .and_then(::store::event::instant)
            .ok_or(Unreadable::Missing("end"))?,
        account: account.parse().map_err(|_| Unreadable::Missing("account"))?,
    })
}

impl Delivery {
    /// Opens the seal.
    ///
    /// # Errors
    /// [`Unreadable`] where it is not for messaging.
    pub fn open(&self, keys: &SealKeys, organisation: OrganisationId) -> Result<Content, Unreadable> {
        if self.kind == WelcomeMessage::full_name() {
            let message = WelcomeMessage::decode(self.payload.as_slice())?;
            Ok(Content::Welcome(keys.open(organisation, message.content.as_ref())?))
        } else if self.kind == LoginCode::full_name() {
            let message = LoginCode::decode(self.payload.as_slice())?;
            Ok(Content::LoginCode(keys.open(organisation, message.content.as_ref())?))
        } else {
            Err(Unreadable::Kind)
        }
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
