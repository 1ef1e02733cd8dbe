//! The hash chain: the hash of each record covers all fields of the record and the previous hash.

use chassis::secret::sha256;
use jiff::Timestamp;
use uuid::Uuid;

/// The previous hash of the first record of a chain.
pub(super) const START: [u8; 32] = [0; 32];

/// Comes before the object in the hashed bytes.
const OBJECT: &str = "\0object";

/// The fields of a record that its hash covers.
pub(super) struct HashInput<'a> {
    pub(super) organisation: Uuid,
    pub(super) writer: Uuid,
    pub(super) sequence: i64,
    pub(super) record: Uuid,
    pub(super) client: Option<Uuid>,
    pub(super) recorded_at: Timestamp,
    pub(super) actor_kind: i32,
    pub(super) section: i32,
    pub(super) outcome: i32,
    /// The actor's id, name, relation, ground, method and correlation id, in this order.
    pub(super) texts: [&'a str; 6],
    /// Who acted in the person's name; empty if the person acted.
    pub(super) impersonator: &'a str,
    /// The kind and the id of the thing that the call was about; empty without such a thing.
    pub(super) object: [&'a str; 2],
}

impl HashInput<'_> {
    /// The record's hash, given the previous hash. The length goes before each text, so that a byte cannot
    /// move from one text to the next unnoticed.
    pub(super) fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(previous);
        for id in [self.organisation, self.writer, self.record, self.client.unwrap_or_default()] {
            bytes.extend_from_slice(id.as_bytes());
        }
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.recorded_at.as_microsecond().to_be_bytes());
        for number in [self.actor_kind, self.section, self.outcome] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        // Leave out an empty impersonator and an empty object: older records have no such fields, and keep
        // their hashes. The label keeps the object apart from an impersonator.
        let impersonator = (!self.impersonator.is_empty()).then_some(self.impersonator);
        let [kind, id] = self.object;
        let object = [OBJECT, kind, id].into_iter().filter(|_| !(kind.is_empty() && id.is_empty()));
        for text in self.texts.into_iter().chain(impersonator).chain(object) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        sha256(&[&bytes])
    }
}
