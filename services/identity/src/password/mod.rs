//! Passwords: the rules for new ones, and hashing.

mod hasher;
mod judge;
mod replace;

use chassis::secret::HashKey;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub use hasher::Hasher;
pub use judge::judge;
pub use replace::replace;

/// The fewest characters of a password, whatever an organisation sets (PW-01).
pub const MIN_LENGTH: usize = 8;
/// The most characters of a password.
pub const MAX_LENGTH: usize = 1000;

/// The input for argon2: the password in NFKC form, hashed with the deployment's key and bound to the account
/// (PW-05). Without the key a stolen table is useless; a hash copied to another account does not match.
#[must_use]
pub fn peppered(key: &HashKey, account: Uuid, password: &str) -> [u8; 32] {
    let normal: String = password.chars().take(MAX_LENGTH + 1).nfkc().collect();
    key.hash("password", account, &normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        let key = HashKey::new(&[1; 32]);
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_eq!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::nil(), decomposed));
        assert_ne!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::max(), composed));
    }
}
