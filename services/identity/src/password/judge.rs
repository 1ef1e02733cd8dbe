//! Checks a new password: the organisation's rules, the platform's minimum, and how easy it is to guess
//! (PW-01–PW-03).

use proto::identity::v1::{ErrorReason, OrganisationSettings, PasswordSettings};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Entropy, matching::patterns::MatchPattern, zxcvbn};

use super::{MAX_LENGTH, MIN_LENGTH};
use crate::account::Account;

/// A password that takes fewer guesses, with the likeliest tried first, is refused.
const MIN_GUESSES: u64 = 1_000_000;
/// Common words in Dutch passwords that zxcvbn does not know. Alone or with digits they are easy to guess.
const COMMON_DUTCH: &str = include_str!("common.txt");

/// Checks a new password against the rules, the current password, and the names of the person and the
/// organisation.
///
/// # Errors
/// The reason to show at the form field.
pub fn judge(
    new: &str,
    current: &str,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<(), ErrorReason> {
    let rules = settings.password.unwrap_or_default();
    let length = new.nfkc().take(MAX_LENGTH + 1).count();
    let min_length = usize::try_from(rules.min_length).unwrap_or(MIN_LENGTH).max(MIN_LENGTH);
    if length > MAX_LENGTH {
        Err(ErrorReason::PasswordTooLong)
    } else if length < min_length {
        Err(ErrorReason::PasswordTooShort)
    } else if !current.is_empty() && new.nfkc().eq(current.nfkc()) {
        Err(ErrorReason::PasswordUnchanged)
    } else if !is_mixed(new, rules) {
        Err(ErrorReason::PasswordNotMixed)
    } else {
        check_guesses(new, &own_words(account, settings))
    }
}

/// P36: upper case, lower case and a character that is not a letter, if the organisation asks for a mix.
fn is_mixed(new: &str, rules: PasswordSettings) -> bool {
    !rules.mixed
        || (new.chars().any(char::is_uppercase)
            && new.chars().any(char::is_lowercase)
            && new.chars().any(|c| !c.is_alphabetic()))
}

/// The names of the account, the organisation and the product, whole and in parts.
fn own_words(account: &Account, settings: &OrganisationSettings) -> Vec<String> {
    [
        &account.username,
        &account.display_name,
        &account.email,
        &settings.name,
        &settings.product_name,
        &settings.key,
    ]
    .into_iter()
    .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([text.as_str()]))
    .filter(|word| word.chars().count() >= 3)
    .map(str::to_lowercase)
    .collect()
}

fn check_guesses(new: &str, own: &[String]) -> Result<(), ErrorReason> {
    let common: Vec<&str> = COMMON_DUTCH.split_whitespace().collect();
    let with_own: Vec<&str> = own.iter().map(String::as_str).chain(common.iter().copied()).collect();
    let entropy = zxcvbn(new, &with_own);
    if entropy.guesses() >= MIN_GUESSES {
        return Ok(());
    }
    Err(if is_personal(&entropy, own) { ErrorReason::PasswordPersonal } else { ErrorReason::PasswordCommon })
}

/// Whether the person's own words make the password easy to guess.
fn is_personal(entropy: &Entropy, own: &[String]) -> bool {
    entropy.sequence().iter().any(|found| match &found.pattern {
        MatchPattern::Dictionary(pattern) => own.contains(&pattern.matched_word),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use chassis::id::AccountId;
    use uuid::Uuid;

    use super::*;

    fn account() -> Account {
        Account {
            password_version: 0,
            id: AccountId(Uuid::nil()),
            username: "a.devries@voorbeeld.nl".to_owned(),
            display_name: "mevrouw Annelies de Vries".to_owned(),
            email: "a.devries@voorbeeld.nl".to_owned(),
            phone: String::new(),
            language: "nl".to_owned(),
            text_size: "normal".to_owned(),
            legal_entity: String::new(),
            terms_version: 0,
            password_hash: None,
            password_set_at: None,
            one_time: None,
        }
    }

    fn settings(password: PasswordSettings) -> OrganisationSettings {
        OrganisationSettings {
            name: "Thuisgenoten".to_owned(),
            product_name: "MijnThuisgenotenDossier".to_owned(),
            password: Some(password),
            ..OrganisationSettings::default()
        }
    }

    fn judged(new: &str, rules: PasswordSettings) -> Result<(), ErrorReason> {
        judge(new, "het oude", &account(), &settings(rules))
    }

    const TEN: i32 = 10;

    #[test]
    fn length_counts_characters_and_is_at_least_eight() {
        let lax = PasswordSettings { min_length: 5, ..Default::default() };
        let strict = PasswordSettings { min_length: TEN, ..Default::default() };
        assert_eq!(judged("kw7z-pq", lax), Err(ErrorReason::PasswordTooShort), "P37: 5 is not enough");
        assert_eq!(judged("kw7z-pqx", lax), Ok(()));
        assert_eq!(judged("ëxqzpéöüw", strict), Err(ErrorReason::PasswordTooShort));
        assert_eq!(judged("ëxqzpéöüwk", strict), Ok(()));
        assert_eq!(judged(&"kw7z pqx ".repeat(8), strict), Ok(()));
        assert_eq!(judged(&"a".repeat(1_000_000), strict), Err(ErrorReason::PasswordTooLong));
    }

    #[test]
    fn mixed_password_needs_both_cases_and_a_non_letter() {
        let mixed = PasswordSettings { min_length: 8, mixed: true, ..Default::default() };
        for new in ["vier woorden op rij", "VIER WOORDEN OP RIJ", "VierWoordenOpRij"] {
            assert_eq!(judged(new, mixed), Err(ErrorReason::PasswordNotMixed), "{new}");
        }
        assert_eq!(judged("Vier woorden op rij", mixed), Ok(()), "P36: @, # and a space count too");
        assert_eq!(
            judged("vier woorden op rij", PasswordSettings { mixed: false, ..mixed }),
            Ok(()),
            "PW-02"
        );
    }

    #[test]
    fn common_and_personal_passwords_are_refused() {
        let rules = PasswordSettings { min_length: 8, ..Default::default() };
        for common in
            ["password123", "Welkom01!", "wachtwoord1", "qwertyuiop", "12345678", "Feyenoord1", "zomer2026"]
        {
            assert_eq!(judged(common, rules), Err(ErrorReason::PasswordCommon), "{common}");
        }
        for own in ["thuisgenoten", "Thuisgenoten1", "annelies", "devries1"] {
            assert_eq!(judged(own, rules), Err(ErrorReason::PasswordPersonal), "{own}");
        }
        assert_eq!(judged("het oude", rules), Err(ErrorReason::PasswordUnchanged));
    }
}
