//! Keyset page tokens: where the former page ended, as text that a caller hands back unread.

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
    /// As a token.
    #[must_use]
    pub fn encode(self) -> String {
        let mut bytes = self.at.as_microsecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// From a token; `None` for the first page.
    ///
    /// # Errors
    /// When the token was not given out.
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

/// How many rows to give: `0` means `default`; never more than `max`.
#[must_use]
pub fn size(asked: i32, default: i64, max: i64) -> i64 {
    match i64::from(asked) {
        ..=0 => default,
        asked => asked.min(max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_anything_else_is_refused() {
        let keyset = Keyset { at: Timestamp::from_second(1_800_000_000).unwrap(), id: Uuid::max() };
        assert_eq!(Keyset::decode(&keyset.encode()).unwrap(), Some(keyset));
        assert_eq!(Keyset::decode("").unwrap(), None);
        for token in ["x", "AAAA", "%", &"A".repeat(4000)] {
            assert!(Keyset::decode(token).is_err(), "{token}");
        }
    }
}
