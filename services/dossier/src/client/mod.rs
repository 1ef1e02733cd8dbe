//! A client: a person who receives care, as the organisation's systems record them.

pub mod care;
mod convert;
pub mod rpc;
pub mod table;
mod write;

use chassis::id::ClientId;
use jiff::civil::Date;

pub use convert::{parse, parse_origin};
pub use write::write;

/// The key and version of a record in its source system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The name of the source system.
    pub source: String,
    /// The record's id in the source system.
    pub external_id: String,
    /// The record's version: every change in the source system raises it.
    pub version: i64,
}

/// A client with valid fields.
#[derive(Clone, Debug)]
pub struct Client {
    /// The id for a new client; a client that is stored already keeps its own id.
    pub id: ClientId,
    /// The client's key and version in the source system.
    pub origin: Origin,
    /// The name that pages show.
    pub name: String,
    /// The date of birth; `None` when unknown.
    pub birth_date: Option<Date>,
}
