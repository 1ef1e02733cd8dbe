//! Sends a code if the limits allow one; the content is sealed, so that only messaging can read the code.

use chassis::{keyed_hash::HashKeys, time};
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

use super::{Code, MAX_TRIES, TYPED_DIGITS, may_send, table};
use crate::{
    account::{Account, mask_email, mask_phone},
    error::Error,
    factor::Medium,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// What a code is for; this decides the text of the message.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To log in.
    Login,
    /// To log in on a new device.
    Device,
    /// To reach a higher level of assurance, or to change an address or number.
    StepUp,
    /// To sign a document.
    Signing(StepUpSubject),
    /// To change the e-mail address.
    EmailChange,
    /// To change the telephone number.
    PhoneChange,
}

/// The address or number that a code goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An e-mail address.
    Email(String),
    /// A mobile number.
    Sms(String),
    /// No address, and the page names none: where the person types the number, a wrong number must look like
    /// the registered one (R13).
    Nowhere,
}

impl Destination {
    /// Where codes to an account go.
    ///
    /// # Errors
    /// [`ErrorReason::PhoneMissing`] when codes go by SMS and the account has no number.
    pub fn of(account: &Account, medium: Medium) -> Result<Self, Error> {
        match medium {
            Medium::Email => Ok(Self::Email(account.email.clone())),
            Medium::Sms if account.phone.is_empty() => Err(ErrorReason::PhoneMissing.into()),
            Medium::Sms => Ok(Self::Sms(account.phone.clone())),
        }
    }
}

/// An order to send one code.
pub struct Sending<'a> {
    /// The id of the attempt.
    pub id: Uuid,
    /// What the code is for.
    pub purpose: Purpose,
    /// Where the code goes.
    pub to: Destination,
    /// The attempt ends at this time: no new code can be requested after it.
    pub ends_at: Timestamp,
    /// The network address of the request; empty: not counted.
    pub address: &'a str,
}

/// Checks that a code may be sent for an attempt now.
///
/// # Errors
/// When the last code is too recent, or the attempt has used all its codes or tries.
pub async fn check_may_send(tx: &mut Tx, id: Uuid) -> Result<(), Error> {
    let Some(history) = table::lock(tx, id).await? else { return Ok(()) };
    if history.tries >= MAX_TRIES {
        return Err(ErrorReason::LoginEnded.into());
    }
    may_send(history.sent_count, history.sent_at, tx.ctx().now).map_err(|wait| match wait {
        Some(wait) => Error::Wait(ErrorReason::CodeTooSoon, wait.unsigned_abs()),
        None => ErrorReason::TooManyCodes.into(),
    })
}

/// Sends a new code; older codes of the attempt become void.
///
/// # Errors
/// When [`check_may_send`] refuses, or a daily limit of sent codes is reached.
pub async fn send(
    state: &State,
    tx: &mut Tx,
    settings: &OrganisationSettings,
    account: &Account,
    sending: Sending<'_>,
) -> Result<SentCode, Error> {
    let now = tx.ctx().now;
    check_may_send(tx, sending.id).await?;
    if !throttle::count_within_limit(tx, &sending_counts(state, account, &sending), state.limits).await? {
        return Err(ErrorReason::TooManyCodes.into());
    }
    let login = settings.login.unwrap_or_default();
    let shown = usize::try_from(login.shown_digits).unwrap_or(0);
    let by_sms = !matches!(sending.to, Destination::Email(_));
    let shown = if by_sms { shown } else { 0 };
    let digits = chassis::secret::random_code(u32::try_from(TYPED_DIGITS + shown).unwrap_or(6));
    let (shown_digits, typed) = digits.split_at(shown);
    let life = SignedDuration::from_secs(i64::from(login.code_life_seconds));
    let code = Code {
        id: sending.id,
        hash: state.hash_keys.hash("code", sending.id, typed.as_bytes()),
        shown_digits: shown_digits.to_owned(),
        by_sms,
        expires_at: now + life,
    };
    table::upsert(tx, account.id, &code, sending.ends_at).await?;
    let text = if shown == 0 { typed.to_owned() } else { format!("{shown_digits}-{typed}") };
    deliver(state, tx, account, &sending, text, &code).await?;
    Ok(sent_code(&code, &sending.to, login.code_life_seconds))
}

/// The daily counts that one code adds to. A new address or number is not yet proven to be this person's own,
/// so codes to it are counted apart: otherwise anybody could use up the codes of its real owner.
fn sending_counts(state: &State, account: &Account, sending: &Sending<'_>) -> Vec<Count> {
    let id = account.id.to_string();
    let to = match (&sending.to, &sending.purpose) {
        (Destination::Email(to) | Destination::Sms(to), Purpose::EmailChange | Purpose::PhoneChange) => {
            format!("new {to}")
        }
        (Destination::Email(to) | Destination::Sms(to), _) => to.clone(),
        (Destination::Nowhere, _) => format!("nowhere {id}"),
    };
    let counts = [(Kind::SentTo, to.as_str()), (Kind::SentFor, &id), (Kind::SentFrom, sending.address)];
    let known = counts.into_iter().filter(|(_, by)| !by.is_empty());
    known.map(|(kind, by)| Count::of(&state.hash_keys, kind, by)).collect()
}

/// The daily counts of codes for one person: those of the e-mail address, the number and the account.
#[must_use]
pub fn account_counts(keys: &HashKeys, account: &Account) -> Vec<Count> {
    let to = [&account.email, &account.phone].map(|to| Count::of(keys, Kind::SentTo, to));
    to.into_iter().chain([Count::of(keys, Kind::SentFor, &account.id.to_string())]).collect()
}

/// What the page shows about a sent code.
#[must_use]
pub fn sent_code(code: &Code, to: &Destination, life_seconds: i32) -> SentCode {
    let sent_to = match to {
        Destination::Email(address) => mask_email(address),
        Destination::Sms(number) => mask_phone(number),
        Destination::Nowhere => String::new(),
    };
    SentCode { sent_to, life_seconds, shown_digits: code.shown_digits.clone(), by_sms: code.by_sms }
}

async fn deliver(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    sending: &Sending<'_>,
    code: String,
    stored: &Code,
) -> Result<(), Error> {
    let mut recipient = account.recipient();
    match &sending.to {
        Destination::Email(email) => recipient.email.clone_from(email),
        Destination::Sms(phone) => {
            recipient.email.clear();
            recipient.phone.clone_from(phone);
        }
        // An empty recipient is a decoy: only inside the seal does the delivery differ from a real one.
        Destination::Nowhere => recipient.email.clear(),
    }
    let life = stored.expires_at.duration_since(tx.ctx().now).as_mins();
    let life_minutes = i32::try_from(life).unwrap_or(i32::MAX);
    let (recipient, expires_at) = (Some(recipient), Some(time::to_proto(stored.expires_at)));
    let (account_id, until) = (account.id.to_string(), stored.expires_at);
    let about = About::new(stored.id, 1);
    // The deliveries have the same fields; only their type differs, and with it the text of the message.
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
    /// Seals content, so that only messaging can read the content.
    ///
    /// # Errors
    /// When the key of messaging cannot be used.
    pub(crate) fn sealed<M: Message + Name>(&self, tx: &Tx, content: &M) -> Result<Option<Sealed>, Error> {
        let sealed = self.seal.seal("messaging", tx.ctx().organisation, content);
        sealed.map(Some).map_err(|error| store::StoreError::from(error).into())
    }
}

impl Account {
    /// The recipient of messages to this account: its e-mail address. For SMS the sender sets `phone`
    /// instead.
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
