//! A forgotten password: a temporary one, or a link, by the organisation's setting (T25–T35, H9, V12–V17).
//!
//! asked → sent → used, replaced by a newer one, or too old. Who asks hears the same whoever it is: the request is kept, and
//! what is sent is decided afterwards.

mod due;
pub mod rpc;
pub mod table;

use jiff::Timestamp;

pub use due::SendResets;

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its hash.
    pub hash: Vec<u8>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Whether this is what was sent last, in time.
#[must_use]
pub fn is_good(sent: Option<&Sent>, typed: &[u8], now: Timestamp) -> bool {
    sent.is_some_and(|sent| chassis::secret::same(typed, &sent.hash) && now < sent.expires_at)
}
