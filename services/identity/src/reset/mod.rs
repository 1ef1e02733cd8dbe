//! Forgotten passwords: a temporary password or a link, as the organisation has set (T25–T35, H9, V12–V17).
//!
//! asked → sent → used, replaced by a newer one, or expired. The answer to a request is the same whether the
//! account exists or not: the request is stored, and the account is looked up later.

mod due;
pub mod rpc;
pub mod table;

use jiff::Timestamp;

pub use due::SendResets;

/// A reset link that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLink {
    /// The hash of the link's token.
    pub hash: Vec<u8>,
    /// When the link expires.
    pub expires_at: Timestamp,
}

/// Whether the token is that of the last link, and the link has not expired.
#[must_use]
pub fn is_valid(sent: Option<&SentLink>, token_hash: &[u8], now: Timestamp) -> bool {
    sent.is_some_and(|sent| {
        chassis::secret::constant_time_eq(token_hash, &sent.hash) && now < sent.expires_at
    })
}
