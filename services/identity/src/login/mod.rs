//! One attempt to log in: a state machine that is entered by the right password alone.
//!
//! password → code → (own password) → session. An attempt lives 30 minutes; its code as long as the organisation
//! says. Every try at a code is counted before it is judged, so that no number of parallel tries sees more than five.

pub mod rpc;
pub mod store;

use chassis::id::AccountId;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How many tries an attempt has, at all its codes together (THR-01, OTP-02).
pub const TRIES: i32 = 5;
/// How many codes an attempt may ask for.
pub const CODES: i32 = 5;
/// How many digits a code has (OTP-01).
pub const DIGITS: u32 = 6;
/// How long an attempt lives.
pub const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A code was sent.
    Code,
    /// The code was right; an own password must be chosen.
    OwnPassword,
    /// It led to a session, or to nothing.
    Ended,
}

impl State {
    /// As it is stored.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Code => 1,
            Self::OwnPassword => 2,
            Self::Ended => 3,
        }
    }

    /// Where the right code leads.
    #[must_use]
    pub const fn after_code(has_own_password: bool) -> Self {
        if has_own_password { Self::Ended } else { Self::OwnPassword }
    }
}

/// An attempt as it stood when a try was counted.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// Who tries.
    pub account: AccountId,
    /// The keyed hash of the newest code.
    pub code_hash: Vec<u8>,
    /// Until when that code is good.
    pub code_expires_at: Timestamp,
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
pub fn judge(attempt: &Attempt, typed: &[u8; 32], now: Timestamp) -> Verdict {
    if now >= attempt.code_expires_at {
        Verdict::Expired
    } else if chassis::secret::same(typed, &attempt.code_hash) {
        Verdict::Right
    } else {
        Verdict::Wrong
    }
}

/// The digits of a code as people type or paste them: spaces and dashes are nothing.
#[must_use]
pub fn normalise_code(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(20).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_code_is_right_until_its_last_moment_and_not_after() {
        let end = Timestamp::from_second(1_800_000_300).unwrap();
        let attempt = Attempt {
            id: Uuid::nil(),
            account: AccountId(Uuid::nil()),
            code_hash: vec![7; 32],
            code_expires_at: end,
        };
        let second = SignedDuration::from_secs(1);
        assert_eq!(judge(&attempt, &[7; 32], end - second), Verdict::Right);
        assert_eq!(judge(&attempt, &[8; 32], end - second), Verdict::Wrong);
        assert_eq!(judge(&attempt, &[7; 32], end), Verdict::Expired);
    }

    #[test]
    fn spaces_and_dashes_do_not_count() {
        assert_eq!(normalise_code(" 123-456 "), "123456");
        assert_eq!(normalise_code("1 2 3 4 5 6"), "123456");
    }

    #[test]
    fn the_right_code_leads_to_a_session_only_with_an_own_password() {
        assert_eq!(State::after_code(true), State::Ended);
        assert_eq!(State::after_code(false), State::OwnPassword);
    }
}
