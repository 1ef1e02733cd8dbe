//! A record: something dated about a client, from a source. One table, one way to write and one list serve every kind;
//! a kind brings its content.

mod content;
mod convert;
mod freshness;
mod own;
mod period;
mod reindex;
pub mod rpc;
mod select;
mod table;
mod write;

use chassis::{id, id::ClientId};
use jiff::Timestamp;
use proto::{access::v1::Section, dossier::v1::Content};

pub use self::{
    convert::parse,
    freshness::Freshness,
    own::write as write_own,
    reindex::reindex,
    write::{Outcome, write},
};
use crate::{client::Origin, kinds::Facts};

/// The source of what people write in the portal. No system sends in this name.
pub const PORTAL: &str = "portal";

id!(
    /// The id of a record.
    RecordId
);

/// A valid record that comes in. Its client is still to be found by external id.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The id for a new record; a record that is stored already keeps its own id.
    pub id: RecordId,
    /// The record's key and version in the source system.
    pub origin: Origin,
    /// The client's external id in the same source system.
    pub client_external_id: String,
    /// The section, which is the kind.
    pub section: Section,
    /// Time and code.
    pub facts: Facts,
    /// The content as bytes.
    pub content: Vec<u8>,
}

/// A stored record.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The id.
    pub id: RecordId,
    /// The section.
    pub section: Section,
    /// The system that the record comes from.
    pub source: String,
    /// The moment, or the beginning.
    pub at: Timestamp,
    /// The end; equal to `at` for a moment.
    pub ends_at: Timestamp,
    /// When this version came in.
    pub changed_at: Timestamp,
    /// The content; `None`: the record was retracted at `changed_at`.
    pub content: Option<Content>,
}

/// Systems by name, each with the time at which it last sent something.
pub type Sources = Vec<(String, Timestamp)>;

/// A stored record with where it belongs.
#[derive(Clone, Debug)]
pub struct Found {
    /// The record.
    pub record: Stored,
    /// The client whose dossier holds the record.
    pub client: ClientId,
    /// The record's key and version in the source system.
    pub origin: Origin,
}
