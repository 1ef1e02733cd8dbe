//! A client: a person who receives care, as the organisation's systems give it.

pub mod care;
mod convert;
pub mod rpc;
pub mod table;
mod write;

use chassis::id::ClientId;
use jiff::civil::Date;

pub use convert::{read, read_origin};
pub use write::write;

/// Where a record stands in the system that it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The system.
    pub source: String,
    /// The record's id there.
    pub external_id: String,
    /// Rises with every change there.
    pub version: i64,
}

/// A client whose fields hold.
#[derive(Clone, Debug)]
pub struct Client {
    /// The id, kept where the record is known already.
    pub id: ClientId,
    /// Where it comes from.
    pub origin: Origin,
    /// The name to show.
    pub name: String,
    /// Date of birth.
    pub birth_date: Option<Date>,
}
