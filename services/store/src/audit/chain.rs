//! The hash chain: each record's hash covers all its fields and the hash before it.

use chassis::secret::sha256;
use jiff::Timestamp;
use uuid::Uuid;

/// The hash before the first record of a chain.
pub(super) const START: [u8; 32] = [0; 32];

/// The fields of a record as they are hashed.
pub(super) struct Hashed<'a> {
    pub(super) organisation: Uuid,
    pub(super) writer: Uuid,
    pub(super) sequence: i64,
    pub(super) record: Uuid,
    pub(super) client: Option<Uuid>,
    pub(super) recorded_at: Timestamp,
    pub(super) actor_kind: i32,
    pub(super) section: i32,
    pub(super) outcome: i32,
    /// Actor, name, relation, ground, method, correlation: in this order.
    pub(super) texts: [&'a str; 6],
    /// Who acted in the person's name; empty where nobody did.
    pub(super) impersonator: &'a str,
}

impl Hashed<'_> {
    /// The record's hash after `previous`. Texts go in with their length, so that none can run into the next.
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
        // Left out where it is empty, as it is in records from before it was kept.
        let impersonator = (!self.impersonator.is_empty()).then_some(self.impersonator);
        for text in self.texts.into_iter().chain(impersonator) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        sha256(&[&bytes])
    }
}
