//! Secret random values: how they are made, written, hashed and compared.
//!
//! Of a secret that a person or browser holds, the database holds only a hash. A secret of 128 random bits or
//! more is hashed without a key. A shorter secret (a code, a welcome password) is hashed with a key:
//! otherwise a thief of the table could try all values.

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::id::OrganisationId;

/// The characters of a password that people type over: Crockford's base 32, which has no look-alikes.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Fresh random bytes from the operating system's generator.
///
/// # Panics
/// When the operating system gives no random bytes. Every secret made after that would be guessable.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without random bytes the process must stop")]
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// SHA-256 of the parts, one after the other.
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

/// Whether two byte strings are equal. The time of the comparison does not depend on where they differ, so an
/// attacker learns nothing from it.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// A secret token that names its organisation: `<organisation>.<256 random bits>`. Every query runs within
/// one organisation, so the organisation must be known before the token is looked up.
#[derive(Clone, Debug)]
pub struct ScopedToken {
    organisation: OrganisationId,
    text: SecretString,
}

impl ScopedToken {
    /// A new random token of the organisation.
    #[must_use]
    pub fn generate(organisation: OrganisationId) -> Self {
        let random = URL_SAFE_NO_PAD.encode(random::<32>());
        Self { organisation, text: format!("{}.{random}", organisation.0.simple()).into() }
    }

    /// Reads a token; `None` where the text has not the form of a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (organisation, random) = text.split_once('.')?;
        let organisation = OrganisationId(Uuid::try_parse(organisation).ok()?);
        (random.len() == 43 && random.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
            .then(|| Self { organisation, text: text.to_owned().into() })
    }

    /// The organisation of the token.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// The token as text, for its holder. A secret: never log or store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The SHA-256 of the token: the only form that the database holds.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        sha256(&[self.expose().as_bytes()]).to_vec()
    }
}

/// A random code of `digits` digits. Every code is equally likely.
#[must_use]
pub fn random_code(digits: u32) -> String {
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

/// A random password that is sent in a message and works once: 80 random bits as `XXXX-XXXX-XXXX-XXXX`.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typed;

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
        assert_eq!(typed::made_password(&typed), typed::made_password(&password));
        assert_eq!(typed::made_password(&password), password.replace('-', ""), "no letter is folded");
        assert_eq!(password.len(), 19);
    }

    proptest! {
        #[test]
        fn a_code_has_the_asked_number_of_digits(digits in 1_u32..12) {
            let code = random_code(digits);
            prop_assert_eq!(code.len(), digits as usize);
            prop_assert!(code.bytes().all(|b| b.is_ascii_digit()));
        }

        #[test]
        fn the_token_parser_never_panics(text in ".*") {
            let _ = ScopedToken::parse(&text);
        }
    }
}
