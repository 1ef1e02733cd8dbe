//! Sending a code: within its limits, sealed to messaging.

use chassis::{secret::HashKey, time};
use jiff::{SignedDuration, Timestamp};
use prost::{Message, Name};
use proto::{
    event::v1::Sealed,
    identity::v1::{
        DeviceCode, DeviceCodeContent, EmailChangeCode, EmailChangeCodeContent, ErrorReason, LoginCode,
        LoginCodeContent, OrganisationSettings, PhoneChangeCode, PhoneChangeCodeContent, Recipient, SentCode,
        SigningCode, SigningCodeContent, StepUpCode, StepUpCodeContent, StepUpSubject,
    },
};
use store::{About, Tx};
use uuid::Uuid;

use super::{Code, DIGITS, TRIES, may_send, table};
use crate::{
    account::{Account, mask_email, mask_phone},
    error::Error,
    factor::Medium,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// What a code is for: it decides the words.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To log in.
    Login,
    /// To log in on a new device.
    Device,
    /// To prove more surely who is there.
    StepUp,
    /// To sign.
    Signing(StepUpSubject),
    /// To change the e-mail address.
    EmailChange,
    /// To change the telephone number.
    PhoneChange,
}

/// Where a code goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// To an e-mail address.
    Email(String),
    /// To a number.
    Sms(String),
    /// Nowhere, though it looks as if: another number was typed than is registered (R13).
    Nowhere,
}

impl To {
    /// Where an account's codes go.
    ///
    /// # Errors
    /// [`ErrorReason::PhoneMissing`] where a number is needed and none is known.
    pub fn of(account: &Account, medium: Medium) -> Result<Self, Error> {
        match medium {
            Medium::Email => Ok(Self::Email(account.email.clone())),
            Medium::Sms if account.phone.is_empty() => Err(ErrorReason::PhoneMissing.into()),
            Medium::Sms => Ok(Self::Sms(account.phone.clone())),
        }
    }
}

/// What a code is sent under.
pub struct Sending<'a> {
    /// What it is of.
    pub id: Uuid,
    /// What for.
    pub purpose: Purpose,
    /// Where to.
    pub to: To,
    /// Until when new ones can be asked for.
    pub ends_at: Timestamp,
    /// Where the request came from.
    pub address: &'a str,
}

/// Whether a code may be sent under an id now.
///
/// # Errors
/// When it is too soon, or too many were sent or tried.
pub async fn check(tx: &mut Tx, id: Uuid) -> Result<(), Error> {
    let Some(sent) = table::lock(tx, id).await? else { return Ok(()) };
    if sent.tries >= TRIES {
        return Err(ErrorReason::LoginEnded.into());
    }
    may_send(sent.sent, sent.sent_at, tx.ctx().now).map_err(|wait| match wait {
        Some(wait) => Error::Wait(ErrorReason::CodeTooSoon, wait.unsigned_abs()),
        None => ErrorReason::TooManyCodes.into(),
    })
}

/// Sends a new code, and makes older ones under this id void.
///
/// # Errors
/// When it is too soon, or too many were sent.
pub async fn send(
    state: &State,
    tx: &mut Tx,
    settings: &OrganisationSettings,
    account: &Account,
    sending: Sending<'_>,
) -> Result<SentCode, Error> {
    let now = tx.ctx().now;
    check(tx, sending.id).await?;
    if !throttle::count(tx, &counts(state, account, &sending), state.limits).await? {
        return Err(ErrorReason::TooManyCodes.into());
    }
    let login = settings.login.unwrap_or_default();
    let shown = usize::try_from(login.shown_digits).unwrap_or(0);
    let by_sms = !matches!(sending.to, To::Email(_));
    let shown = if by_sms { shown } else { 0 };
    let digits = chassis::secret::code(u32::try_from(DIGITS + shown).unwrap_or(6));
    let (shown_digits, typed) = digits.split_at(shown);
    let life = SignedDuration::from_secs(i64::from(login.code_life_seconds));
    let code = Code {
        id: sending.id,
        hash: state.hash_key.hash("code", sending.id, typed).to_vec(),
        shown_digits: shown_digits.to_owned(),
        by_sms,
        expires_at: now + life,
    };
    table::put(tx, account.id, &code, sending.ends_at).await?;
    let text = if shown == 0 { typed.to_owned() } else { format!("{shown_digits}-{typed}") };
    deliver(state, tx, account, &sending, text, &code).await?;
    Ok(sent_code(&code, &sending.to, login.code_life_seconds))
}

/// What a sent code is counted by. Numbers that are not proven to be this person's count apart: nobody can use up
/// another's codes.
fn counts(state: &State, account: &Account, sending: &Sending<'_>) -> Vec<Count> {
    let id = account.id.to_string();
    let to = match (&sending.to, &sending.purpose) {
        (To::Email(to) | To::Sms(to), Purpose::EmailChange | Purpose::PhoneChange) => format!("new {to}"),
        (To::Email(to) | To::Sms(to), _) => to.clone(),
        (To::Nowhere, _) => format!("nowhere {id}"),
    };
    let counts = [(Kind::SentTo, to.as_str()), (Kind::SentFor, &id), (Kind::SentFrom, sending.address)];
    let known = counts.into_iter().filter(|(_, by)| !by.is_empty());
    known.map(|(kind, by)| Count::of(&state.hash_key, kind, by)).collect()
}

/// The counts of codes of one person: how many went to where they are reached, and how many they asked for.
#[must_use]
pub fn counts_of(key: &HashKey, account: &Account) -> Vec<Count> {
    let to = [&account.email, &account.phone].map(|to| Count::of(key, Kind::SentTo, to));
    to.into_iter().chain([Count::of(key, Kind::SentFor, &account.id.to_string())]).collect()
}

/// What a page says of a code.
#[must_use]
pub fn sent_code(code: &Code, to: &To, life_seconds: i32) -> SentCode {
    let sent_to = match to {
        To::Email(address) => mask_email(address),
        To::Sms(number) => mask_phone(number),
        To::Nowhere => String::new(),
    };
    SentCode { sent_to, life_seconds, shown_digits: code.shown_digits.clone(), by_sms: code.by_sms }
}

async fn deliver(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    sending: &Sending<'_>,
    code: String,
    kept: &Code,
) -> Result<(), Error> {
    let mut recipient = account.recipient();
    match &sending.to {
        To::Email(email) => recipient.email.clone_from(email),
        To::Sms(phone) => {
            recipient.email.clear();
            recipient.phone.clone_from(phone);
        }
        // Sent as any other, to nobody: that there is nobody is seen inside the seal alone.
        To::Nowhere => recipient.email.clear(),
    }
    let life = kept.expires_at.duration_since(tx.ctx().now).as_mins();
    let life_minutes = i32::try_from(life).unwrap_or(i32::MAX);
    let (recipient, expires_at) = (Some(recipient), Some(time::to_proto(kept.expires_at)));
    let (account_id, until) = (account.id.to_string(), kept.expires_at);
    let about = About::new(kept.id, 1);
    // The deliveries differ by their names alone: so do the letters.
    macro_rules! deliver {
        ($delivery:ident { $($content:tt)* }) => {{
            let content = state.sealed(tx, &$($content)*)?;
            tx.deliver(about, &$delivery { content, expires_at, account_id }, until).await?
        }};
    }
    match sending.purpose.clone() {
        Purpose::Login => deliver!(LoginCode { LoginCodeContent { recipient, code, life_minutes } }),
        Purpose::Device => deliver!(DeviceCode { DeviceCodeContent { recipient, code, life_minutes } }),
        Purpose::StepUp => deliver!(StepUpCode { StepUpCodeContent { recipient, code, life_minutes } }),
        Purpose::EmailChange => {
            deliver!(EmailChangeCode { EmailChangeCodeContent { recipient, code, life_minutes } });
        }
        Purpose::PhoneChange => {
            deliver!(PhoneChangeCode { PhoneChangeCodeContent { recipient, code, life_minutes } });
        }
        Purpose::Signing(StepUpSubject { document_kind, document_version, .. }) => {
            deliver!(SigningCode {
                SigningCodeContent { recipient, code, life_minutes, document_kind, document_version }
            });
        }
    }
    Ok(())
}

impl State {
    /// Content that messaging alone can read.
    ///
    /// # Errors
    /// When messaging's key cannot be used.
    pub(crate) fn sealed<M: Message + Name>(&self, tx: &Tx, content: &M) -> Result<Option<Sealed>, Error> {
        let sealed = self.seal.seal("messaging", tx.ctx().organisation, content);
        sealed.map(Some).map_err(|error| store::StoreError::from(error).into())
    }
}

impl Account {
    /// Whom messages to this account go to: by e-mail, unless the sender says otherwise.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient {
            email: self.email.clone(),
            phone: String::new(),
            language: self.language.clone(),
            display_name: self.display_name.clone(),
        }
    }
}
