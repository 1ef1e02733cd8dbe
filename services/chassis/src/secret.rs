//! Unguessable values: how they are made, written, hashed and compared.
//!
//! A secret that a person or browser holds is kept hashed only. What has 128 bits or more is hashed plainly;
//! what has fewer (a code, a welcome password) is hashed with a key, so that a stolen table cannot be searched.

use aws_lc_rs::{constant_time, digest, hmac, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::id::OrganisationId;

/// The letters of a password that people must type: Crockford's base 32, without look-alikes.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Fresh random bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness the process must not go on")]
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// SHA-256.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether two byte strings are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// A key for hashing short secrets: HMAC-SHA-256.
#[derive(Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// A key from its bytes: 32 random ones.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The hash of a short secret, for one purpose and owner: the same digits hash differently elsewhere.
    #[must_use]
    pub fn hash(&self, purpose: &str, owner: Uuid, secret: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(owner.as_bytes());
        context.update(secret.as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// A bearer secret that names its organisation: `<organisation>.<256 random bits>`.
#[derive(Clone, Debug)]
pub struct ScopedToken {
    organisation: OrganisationId,
    text: SecretString,
}

impl ScopedToken {
    /// A new one.
    #[must_use]
    pub fn generate(organisation: OrganisationId) -> Self {
        let random = URL_SAFE_NO_PAD.encode(random::<32>());
        Self { organisation, text: format!("{}.{random}", organisation.0.simple()).into() }
    }

    /// Reads one; `None` where it is not of the form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (organisation, random) = text.split_once('.')?;
        let organisation = OrganisationId(Uuid::try_parse(organisation).ok()?);
        (random.len() == 43 && random.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
            .then(|| Self { organisation, text: text.to_owned().into() })
    }

    /// The organisation that it is of.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// The token as it is handed out. A secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is kept of it: SHA-256.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        sha256(&[self.expose().as_bytes()]).to_vec()
    }
}

/// A code of `digits` digits, each equally likely.
#[must_use]
pub fn code(digits: u32) -> String {
    let bound = 10_u64.pow(digits);
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let value = u64::from_be_bytes(random());
        if value < limit {
            let width = usize::try_from(digits).unwrap_or(0);
            return format!("{:0width$}", value % bound);
        }
    }
}

/// A password to be sent and typed once: 80 random bits as `XXXX-XXXX-XXXX-XXXX`.
#[must_use]
pub fn one_time_password() -> String {
    let mut text = String::with_capacity(19);
    for (index, byte) in random::<16>().into_iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        text.extend(LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
    }
    text
}

/// A one-time password as it is hashed: what people and keyboards add or change is taken away.
#[must_use]
pub fn normalise_one_time_password(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_reads_back_with_its_organisation() {
        let token = ScopedToken::generate(OrganisationId(Uuid::max()));
        let read = ScopedToken::parse(token.expose()).unwrap();
        assert_eq!(read.organisation(), OrganisationId(Uuid::max()));
        assert_eq!(read.hash(), token.hash());
    }

    #[test]
    fn a_one_time_password_survives_how_people_type_it() {
        let password = one_time_password();
        let typed = format!(" {} ", password.to_lowercase().replace('-', " "));
        assert_eq!(normalise_one_time_password(&typed), normalise_one_time_password(&password));
        assert_eq!(password.len(), 19);
    }

    #[test]
    fn the_same_digits_hash_differently_for_another_owner() {
        let key = HashKey::new(&[7; 32]);
        assert_ne!(key.hash("code", Uuid::nil(), "123456"), key.hash("code", Uuid::max(), "123456"));
        assert_ne!(key.hash("code", Uuid::nil(), "123456"), key.hash("welcome", Uuid::nil(), "123456"));
    }

    proptest! {
        #[test]
        fn a_code_has_just_its_digits(digits in 1_u32..12) {
            let code = code(digits);
            prop_assert_eq!(code.len(), digits as usize);
            prop_assert!(code.bytes().all(|b| b.is_ascii_digit()));
        }

        #[test]
        fn no_text_makes_a_token_parser_panic(text in ".*") {
            let _ = ScopedToken::parse(&text);
        }
    }
}
