//! The hash chain: the keyed hash of each record covers all fields of the record and the previous hash. Without the
//! key, whoever can write to the table cannot make a record that holds.

use chassis::keyed_hash::HashKeys;
use jiff::Timestamp;
use uuid::Uuid;

/// The previous hash of the first record of a chain.
pub(super) const START: [u8; 32] = [0; 32];
/// What the chain's hashes are for: no other hash of the same key is a hash of the chain.
const PURPOSE: &str = "audit record";

/// The fields of a record that its hash covers.
pub(super) struct HashInput<'a> {
    pub(super) organisation: Uuid,
    pub(super) writer: Uuid,
    pub(super) sequence: i64,
    pub(super) record: Uuid,
    /// The event that tells of the record.
    pub(super) event: Uuid,
    pub(super) client: Option<Uuid>,
    pub(super) recorded_at: Timestamp,
    pub(super) actor_kind: i32,
    pub(super) section: i32,
    pub(super) outcome: i32,
    /// The actor's id, name, relation, ground and impersonator, the method, the correlation id, and the kind and id
    /// of the object, in this order.
    pub(super) texts: [&'a str; 9],
}

impl HashInput<'_> {
    /// The record's hash under the newest key, given the previous hash.
    pub(super) fn hash(&self, keys: &HashKeys, previous: &[u8]) -> Vec<u8> {
        keys.hash(PURPOSE, self.organisation, &self.bytes(previous))
    }

    /// Whether this is the record's hash, given the previous hash.
    pub(super) fn matches(&self, keys: &HashKeys, previous: &[u8], hash: &[u8]) -> bool {
        keys.matches(hash, PURPOSE, self.organisation, &self.bytes(previous))
    }

    /// The length goes before each text, so that a byte cannot move from one text to the next unnoticed.
    fn bytes(&self, previous: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(&(previous.len() as u64).to_be_bytes());
        bytes.extend_from_slice(previous);
        for id in [self.writer, self.record, self.event, self.client.unwrap_or_default()] {
            bytes.extend_from_slice(id.as_bytes());
        }
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.recorded_at.as_microsecond().to_be_bytes());
        for number in [self.actor_kind, self.section, self.outcome] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for text in self.texts {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}
