//! Passwords: what they must be, and how they are hashed.

mod hasher;

use chassis::secret::HashKey;
use proto::identity::v1::{ErrorReason, PasswordSettings};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub use hasher::Hasher;

/// The fewest characters that the platform takes, whatever an organisation asks (PW-01).
pub const FLOOR: usize = 8;
/// The most characters that are taken.
pub const MOST: usize = 1000;

/// Judges a new password: at least the organisation's length, and not the one that was sent. Every Unicode code point
/// counts as one, after NFKC (PW-01); there are no rules of composition (PW-02).
///
/// # Errors
/// The reason to tell at the field.
pub fn judge(new: &str, current: &str, settings: PasswordSettings) -> Result<(), ErrorReason> {
    let length = new.nfkc().count();
    let least = usize::try_from(settings.min_length).unwrap_or(FLOOR).max(FLOOR);
    if length > MOST {
        Err(ErrorReason::PasswordTooLong)
    } else if length < least {
        Err(ErrorReason::PasswordTooShort)
    } else if new == current {
        Err(ErrorReason::PasswordUnchanged)
    } else {
        Ok(())
    }
}

/// What is given to argon2: the password as NFKC under the deployment's key (PW-05), bound to the account. A stolen
/// table is useless without the key; a row copied to another account does not open it.
#[must_use]
pub fn peppered(key: &HashKey, account: Uuid, password: &str) -> [u8; 32] {
    let normal: String = password.chars().take(MOST + 1).nfkc().collect();
    key.hash("password", account, &normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: PasswordSettings = PasswordSettings { min_length: 10, welcome_life_days: 14 };

    #[test]
    fn length_is_counted_in_characters_and_an_organisation_cannot_go_below_the_floor() {
        let lax = PasswordSettings { min_length: 5, ..SETTINGS };
        assert_eq!(judge("1234567", "", lax), Err(ErrorReason::PasswordTooShort));
        assert_eq!(judge("12345678", "", lax), Ok(()));
        assert_eq!(judge("ëëëëëëëëë", "", SETTINGS), Err(ErrorReason::PasswordTooShort));
        assert_eq!(judge("ëëëëëëëëëë", "", SETTINGS), Ok(()));
        assert_eq!(judge(&"a".repeat(64), "", SETTINGS), Ok(()));
        assert_eq!(judge(&"a".repeat(1_000_000), "", SETTINGS), Err(ErrorReason::PasswordTooLong));
    }

    #[test]
    fn the_password_that_was_sent_cannot_be_kept() {
        assert_eq!(judge("ABCD-EFGH-1234", "ABCD-EFGH-1234", SETTINGS), Err(ErrorReason::PasswordUnchanged));
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        let key = HashKey::new(&[1; 32]);
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_eq!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::nil(), decomposed));
        assert_ne!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::max(), composed));
    }
}
