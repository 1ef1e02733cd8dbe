//! One call of a method: the id of its audit record, and what the record is about. The handler learns the subject
//! while the handler runs; `Tx::commit` and the audit layer, which lies outside of the handler, read the subject.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use proto::event::v1::Actor;
use uuid::Uuid;

use crate::{
    access::Rule,
    id::{ClientId, OrganisationId, v7},
    person::Person,
};

/// A call of a method. Clones are the same call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The id of the call's audit record.
    pub record: Uuid,
    /// The access rule of the method.
    pub rule: Arc<Rule>,
    subject: Arc<Mutex<CallSubject>>,
}

/// What a call's audit record is about, as far as the handler has noted it.
#[derive(Clone, Debug, Default)]
pub struct CallSubject {
    /// The organisation, where the caller's token does not name it.
    pub organisation: Option<OrganisationId>,
    /// The account that acts, where the caller's token does not name it.
    pub actor: Option<(Actor, Person)>,
    /// The client, where the caller's token does not name it.
    pub client: Option<ClientId>,
    /// The thing that the call is about.
    pub object: Object,
    /// Whether the call was refused, though its answer is no refusal of access: a wrong password.
    pub is_denied: bool,
    /// Whether a transaction has written the intent of the record. Its commit may have failed.
    pub has_intent: bool,
    /// Whether the intent of the record is known to be committed.
    pub has_committed_intent: bool,
}

/// The thing that a call is about. Empty: the call is about the client, or about nothing of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// What kind of thing, such as `account`.
    pub kind: String,
    /// The thing's id.
    pub id: String,
}

impl Call {
    /// A new call of the method with this rule.
    #[must_use]
    pub fn new(rule: Arc<Rule>, now: Timestamp) -> Self {
        Self { record: v7(now), rule, subject: Arc::default() }
    }

    /// What was noted so far.
    #[must_use]
    pub fn subject(&self) -> CallSubject {
        self.subject.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes something.
    pub fn note(&self, note: impl FnOnce(&mut CallSubject)) {
        note(&mut self.subject.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
