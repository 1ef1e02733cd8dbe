//! How far a check has come.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::Failure;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::chain::START;

/// How far the check has come. Callers return the cursor as an opaque token. The token is not signed: a
/// caller who changes the token falsifies only their own check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cursor {
    /// Continue after this record.
    Record(Place),
    /// All chains are checked. Continue with the events after this position of the log.
    Event { position: i64 },
}

/// The last record that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) writer: Uuid,
    pub(super) day: Date,
    pub(super) sequence: i64,
    /// The stored hash, and the hash that the record's fields give. They differ if the record was changed: the next
    /// record then follows one of the two.
    pub(super) hashes: [Vec<u8>; 2],
}

impl Cursor {
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a page token; an empty token starts the check.
    pub(crate) fn decode(token: &str) -> Result<Self, Failure> {
        if token.is_empty() {
            return Ok(Self::Record(Place::before_chain(Uuid::nil(), Date::ZERO)));
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Failure::page_token_malformed())?;
        serde_json::from_slice(&bytes).map_err(|_| Failure::page_token_malformed())
    }
}

impl Place {
    /// The place before the first record of a chain.
    pub(super) fn before_chain(writer: Uuid, day: Date) -> Self {
        Self { writer, day, sequence: 0, hashes: [START.to_vec(), START.to_vec()] }
    }
}
