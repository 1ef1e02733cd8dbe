//! An account: who logs in, and where they are reached.

mod convert;
mod notice;
mod one_time;
mod own;
mod phone;
pub mod register;
pub mod rpc;
pub mod table;
mod welcome;

use chassis::id::AccountId;
use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

pub use convert::{is_email, is_grant};
pub use notice::notify;
pub use one_time::is_one_time;
pub use own::{own, own_id};
pub use phone::{mask_phone, normalise_phone};
pub use welcome::{emit_registered, send_welcome};

/// A person who logs in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The user name, as it is compared.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Where messages go.
    pub email: String,
    /// The mobile number as E.164; empty: none is known.
    pub phone: String,
    /// `nl` or `en`.
    pub language: String,
    /// `normal`, `large` or `largest`.
    pub text_size: String,
    /// Whose terms count; empty: the organisation's first.
    pub legal_entity: String,
    /// The version of them that was accepted; 0: none.
    pub terms_version: i32,
    /// Argon2id in PHC form; `None` until the person chose a password.
    pub password_hash: Option<String>,
    /// When that was.
    pub password_set_at: Option<Timestamp>,
    /// A password that was sent, as a keyed hash, and until when it is good.
    pub one_time: Option<OneTime>,
}

/// A password that was sent.
#[derive(Clone, Debug)]
pub struct OneTime {
    /// Its keyed hash.
    pub hash: Vec<u8>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A user name as it is compared: NFKC, lower case, without the spaces that keyboards add.
#[must_use]
pub fn normalise_username(typed: &str) -> String {
    typed.trim().chars().take(300).nfkc().flat_map(char::to_lowercase).collect()
}

/// An e-mail address with all but the ends hidden: whoever knows it recognises it, nobody else learns it.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_the_same_however_a_keyboard_writes_them() {
        assert_eq!(normalise_username(" Jan.de.Vries@Voorbeeld.NL "), "jan.de.vries@voorbeeld.nl");
        assert_eq!(normalise_username("Zoe\u{308}"), normalise_username("ZOË"));
        // A letter that only looks the same is another letter: Cyrillic а.
        assert_ne!(normalise_username("j\u{430}n"), normalise_username("jan"));
        assert!(normalise_username(&"x".repeat(1_000_000)).len() <= 300);
    }

    #[test]
    fn an_address_is_shown_by_its_ends_alone() {
        assert_eq!(mask_email("jan@voorbeeld.nl"), "j•••@voorbeeld.nl");
        assert_eq!(mask_email("x"), "x•••@");
    }
}
