//! Keyset page tokens: an opaque text that holds the last row of the page before.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chassis::Failure;
use jiff::Timestamp;
use uuid::Uuid;

/// The last row of a page that is ordered by time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyset {
    /// The row's time.
    pub at: Timestamp,
    /// The row's id.
    pub id: Uuid,
}

impl Keyset {
    /// The token of the page after this row.
    #[must_use]
    pub fn encode(self) -> String {
        let mut bytes = self.at.as_microsecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; an empty token is the first page and gives `None`.
    ///
    /// # Errors
    /// When the token is malformed.
    pub fn decode(token: &str) -> Result<Option<Self>, Failure> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Failure::page_token_malformed())?;
        let read = || {
            let (at, id) = bytes.split_first_chunk::<8>()?;
            Some(Self {
                at: Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?,
                id: Uuid::from_slice(id).ok()?,
            })
        };
        read().map(Some).ok_or_else(Failure::page_token_malformed)
    }
}

/// The number of rows of a page: `default` if a request asks for 0, and never more than `max`.
#[must_use]
pub fn size(requested: i32, default: i64, max: i64) -> i64 {
    match i64::from(requested) {
        ..=0 => default,
        requested => requested.min(max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_round_trips_and_malformed_token_is_refused() {
        let keyset = Keyset { at: Timestamp::from_second(1_800_000_000).unwrap(), id: Uuid::max() };
        assert_eq!(Keyset::decode(&keyset.encode()).unwrap(), Some(keyset));
        assert_eq!(Keyset::decode("").unwrap(), None);
        for token in ["x", "AAAA", "%", &"A".repeat(4000)] {
            assert!(Keyset::decode(token).is_err(), "{token}");
        }
    }
}
