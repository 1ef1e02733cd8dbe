//! An account: a person who logs in, with the e-mail address and mobile number for messages.

mod convert;
mod notice;
mod one_time;
mod own;
mod phone;
pub mod register;
pub mod rpc;
pub mod table;
mod welcome;

use chassis::{id::AccountId, typed};
use jiff::Timestamp;

pub use convert::is_grant;
pub use notice::notify;
pub use one_time::is_one_time_password;
pub use own::{find_own, own_id};
pub use phone::{mask_phone, normalise_phone};
pub use welcome::{emit_registered, send_welcome};

/// A person who logs in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// The user name, normalised by [`normalise_username`].
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// The e-mail address for messages.
    pub email: String,
    /// The mobile number as E.164; empty when unknown.
    pub phone: String,
    /// The language of pages and messages: `nl` or `en`.
    pub language: String,
    /// The text size of pages: `normal`, `large` or `largest`.
    pub text_size: String,
    /// The legal entity whose terms apply; empty: the organisation's first one.
    pub legal_entity: String,
    /// The version of these terms that the person accepted; 0: none.
    pub terms_version: i32,
    /// The person's own password as `Passwords` hashes it; `None` until the person has chosen one.
    pub password_hash: Option<String>,
    /// Rises when the person gets another password.
    pub password_version: i64,
    /// When the person last chose a password.
    pub password_set_at: Option<Timestamp>,
    /// The one-time password that was sent last; `None` once the person has chosen a password after it.
    pub one_time: Option<OneTimePassword>,
}

/// A one-time password, which was sent to the person: a first or a temporary password.
#[derive(Clone, Debug)]
pub struct OneTimePassword {
    /// The keyed hash of the password.
    pub hash: Vec<u8>,
    /// The password works until this time.
    pub expires_at: Timestamp,
}

/// The form in which user names are compared: [`typed::username`], cut to a length that no user name has.
#[must_use]
pub fn normalise_username(typed: &str) -> String {
    let short: String = typed.chars().take(1000).collect();
    typed::username(&short).chars().take(300).collect()
}

/// An e-mail address with only the first letter and the domain shown: its owner recognises the address, and
/// nobody else learns it.
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
    fn user_names_match_despite_case_spaces_and_unicode_form() {
        assert_eq!(normalise_username(" Jan.de.Vries@Voorbeeld.NL "), "jan.de.vries@voorbeeld.nl");
        assert_eq!(normalise_username("Zoe\u{308}"), normalise_username("ZOË"));
        // The Cyrillic а looks like the Latin a: nobody registers as somebody else's look-alike.
        assert_eq!(normalise_username("j\u{430}n"), normalise_username("jan"));
        assert!(normalise_username(&"x".repeat(1_000_000)).len() <= 300);
    }

    #[test]
    fn masked_email_shows_first_letter_and_domain() {
        assert_eq!(mask_email("jan@voorbeeld.nl"), "j•••@voorbeeld.nl");
        assert_eq!(mask_email("x"), "x•••@");
    }
}
