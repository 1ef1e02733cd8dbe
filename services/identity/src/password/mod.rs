//! Passwords: what they must be, and how they are hashed.

mod hasher;
mod judge;
mod replace;

use chassis::secret::HashKey;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub use hasher::Hasher;
pub use judge::judge;
pub use replace::replace;

/// The fewest characters that the platform takes, whatever an organisation asks (PW-01).
pub const FLOOR: usize = 8;
/// The most characters that are taken.
pub const MOST: usize = 1000;

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

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        let key = HashKey::new(&[1; 32]);
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_eq!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::nil(), decomposed));
        assert_ne!(peppered(&key, Uuid::nil(), composed), peppered(&key, Uuid::max(), composed));
    }
}
