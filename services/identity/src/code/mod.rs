//! Codes that are sent for an attempt: a login, a step-up or a contact change. A code has the id of its
//! attempt. Every try is counted before it is judged: otherwise parallel tries could exceed the limit of
//! five. A new code makes the old code void and does not reset the count of tries (OTP-02).

mod send;
pub mod table;

use chassis::{keyed_hash::HashKeys, typed};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use send::{Destination, Purpose, Sending, account_counts, check_may_send, send, sent_code};

/// How many tries all codes of one attempt have together (THR-01, OTP-02).
pub const MAX_TRIES: i32 = 5;
/// How many codes may be sent for one attempt.
pub const MAX_CODES: i32 = 5;
/// How many digits of a code the person types (OTP-01).
pub const TYPED_DIGITS: usize = 6;
/// How long the person waits before the next code can be sent.
pub const COOL_DOWN: SignedDuration = SignedDuration::from_secs(60);

/// A code that was sent; of the typed digits only a hash is stored.
#[derive(Clone, Debug)]
pub struct Code {
    /// The id of the attempt.
    pub id: Uuid,
    /// The keyed hash of the digits that the person types.
    pub hash: Vec<u8>,
    /// The first digits of the code, which the page shows and the person need not type; may be empty.
    pub shown_digits: String,
    /// Whether the code went by SMS, and not by e-mail.
    pub by_sms: bool,
    /// The code works until this time.
    pub expires_at: Timestamp,
}

/// The result of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The typed code is right.
    Right,
    /// The typed code is wrong.
    Wrong,
    /// The code has expired; the typed digits were not compared.
    Expired,
}

/// Judges one try: the digits that the person typed, without the shown ones.
#[must_use]
pub fn judge(keys: &HashKeys, code: &Code, typed: &str, now: Timestamp) -> Verdict {
    if now >= code.expires_at {
        Verdict::Expired
    } else if keys.matches(&code.hash, "code", code.id, typed.as_bytes()) {
        Verdict::Right
    } else {
        Verdict::Wrong
    }
}

/// The digits of a code that the person typed or pasted, without the digits that the page shows.
#[must_use]
pub fn normalise(typed: &str, shown_digits: &str) -> String {
    let short: String = typed.chars().take(1000).collect();
    let digits = typed::code(&short, TYPED_DIGITS);
    match digits.strip_prefix(shown_digits) {
        Some(rest) if rest.chars().count() == TYPED_DIGITS => rest.to_owned(),
        _ => digits.chars().take(20).collect(),
    }
}

/// Whether another code may be sent now, after `sent` codes of which the last went out at `sent_at`.
///
/// # Errors
/// The time to wait; `None` when the attempt has used all its codes.
pub fn may_send(sent: i32, sent_at: Timestamp, now: Timestamp) -> Result<(), Option<SignedDuration>> {
    if sent >= MAX_CODES {
        Err(None)
    } else if now < sent_at + COOL_DOWN {
        Err(Some((sent_at + COOL_DOWN).duration_since(now)))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::keys::hash_keys;

    use super::*;

    #[test]
    fn code_works_until_its_expiry_and_not_after() {
        let end = Timestamp::from_second(1_800_000_300).unwrap();
        let keys = hash_keys("identity", &[0]);
        let code = Code {
            id: Uuid::nil(),
            hash: keys.hash("code", Uuid::nil(), b"123456"),
            shown_digits: String::new(),
            by_sms: true,
            expires_at: end,
        };
        let second = SignedDuration::from_secs(1);
        assert_eq!(judge(&keys, &code, "123456", end - second), Verdict::Right);
        assert_eq!(judge(&keys, &code, "123457", end - second), Verdict::Wrong);
        assert_eq!(judge(&keys, &code, "123456", end), Verdict::Expired);
    }

    #[test]
    fn spaces_dashes_and_shown_digits_are_ignored() {
        for typed in ["123456", " 123-456 ", "1 2 3 4 5 6", "5913-123456", "5913 123 456", "5913123456"] {
            assert_eq!(normalise(typed, "5913"), "123456", "{typed}");
        }
        assert_eq!(normalise("5913-123456", ""), "5913123456");
        // The typed digits themselves may begin with the shown digits.
        assert_eq!(normalise("591312", "5913"), "591312");
    }

    #[test]
    fn next_code_waits_a_minute_and_the_sixth_is_refused() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        assert_eq!(
            may_send(1, at, at + SignedDuration::from_secs(59)),
            Err(Some(SignedDuration::from_secs(1)))
        );
        assert_eq!(may_send(4, at, at + COOL_DOWN), Ok(()));
        assert_eq!(may_send(5, at, at + COOL_DOWN), Err(None));
    }

    proptest! {
        #[test]
        fn normalised_input_has_at_most_20_characters(typed in ".*", shown in "[0-9]{0,4}") {
            prop_assert!(normalise(&typed, &shown).chars().count() <= 20);
        }
    }
}
