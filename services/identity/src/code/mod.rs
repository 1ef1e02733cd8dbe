//! Codes that are sent: of a login, a step-up or a change of address, whose id they have. Every try is counted before it
//! is judged, so that no number of parallel tries sees more than five; a new code makes the old one void and leaves the
//! count (OTP-02).

mod send;
pub mod table;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use send::{Purpose, Sending, To, check, counts_of, send, sent_code};

/// How many tries there are, at all codes of one attempt together (THR-01, OTP-02).
pub const TRIES: i32 = 5;
/// How many codes one attempt may ask for.
pub const CODES: i32 = 5;
/// How many digits have to be typed (OTP-01).
pub const DIGITS: usize = 6;
/// How long to wait before the next code.
pub const COOL_DOWN: SignedDuration = SignedDuration::from_secs(60);

/// A code, as it stood when a try was counted.
#[derive(Clone, Debug)]
pub struct Code {
    /// What it is of.
    pub id: Uuid,
    /// The keyed hash of the digits that have to be typed.
    pub hash: Vec<u8>,
    /// The digits that stand on the page.
    pub shown_digits: String,
    /// Whether it went by SMS.
    pub by_sms: bool,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a try at a code comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the code.
    Right,
    /// It is not.
    Wrong,
    /// Its time is over.
    Expired,
}

/// Judges a try. `typed` is the keyed hash of what was typed.
#[must_use]
pub fn judge(code: &Code, typed: &[u8; 32], now: Timestamp) -> Verdict {
    if now >= code.expires_at {
        Verdict::Expired
    } else if chassis::secret::same(typed, &code.hash) {
        Verdict::Right
    } else {
        Verdict::Wrong
    }
}

/// The digits of a code as people type or paste them: spaces and dashes are nothing, and the digits that stand on the
/// page may be there or not.
#[must_use]
pub fn normalise(typed: &str, shown_digits: &str) -> String {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace() && !"-–".contains(*c)).take(20).collect();
    match plain.strip_prefix(shown_digits) {
        Some(rest) if rest.chars().count() == DIGITS => rest.to_owned(),
        _ => plain,
    }
}

/// Whether another code may be sent now, after so many, the last at some time.
///
/// # Errors
/// How long to wait; `None` where there are no more.
pub fn may_send(sent: i32, sent_at: Timestamp, now: Timestamp) -> Result<(), Option<SignedDuration>> {
    if sent >= CODES {
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

    use super::*;

    #[test]
    fn a_code_is_right_until_its_last_moment_and_not_after() {
        let end = Timestamp::from_second(1_800_000_300).unwrap();
        let code = Code {
            id: Uuid::nil(),
            hash: vec![7; 32],
            shown_digits: String::new(),
            by_sms: true,
            expires_at: end,
        };
        let second = SignedDuration::from_secs(1);
        assert_eq!(judge(&code, &[7; 32], end - second), Verdict::Right);
        assert_eq!(judge(&code, &[8; 32], end - second), Verdict::Wrong);
        assert_eq!(judge(&code, &[7; 32], end), Verdict::Expired);
    }

    #[test]
    fn spaces_and_dashes_do_not_count_and_all_ten_digits_are_as_good_as_six() {
        for typed in ["123456", " 123-456 ", "1 2 3 4 5 6", "5913-123456", "5913 123 456", "5913123456"] {
            assert_eq!(normalise(typed, "5913"), "123456", "{typed}");
        }
        assert_eq!(normalise("5913-123456", ""), "5913123456");
        // A code may begin as the shown digits do.
        assert_eq!(normalise("591312", "5913"), "591312");
    }

    #[test]
    fn a_new_code_waits_a_minute_and_there_are_five() {
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
        fn whatever_is_typed_is_no_longer_than_a_code_needs(typed in ".*", shown in "[0-9]{0,4}") {
            prop_assert!(normalise(&typed, &shown).chars().count() <= 20);
        }
    }
}
