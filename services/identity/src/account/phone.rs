//! Mobile telephone numbers: accepted as people write them, stored as E.164 (TEL-01).

use phonenumber::{Mode, country};

/// Country codes that SMS is sent to: those of the Kingdom, Belgium, Luxembourg and Germany (THR-02).
const COUNTRIES: [u16; 6] = [31, 32, 49, 297, 352, 599];
/// The first digits of every Dutch mobile number.
const DUTCH_MOBILE: &str = "+316";

/// A typed mobile number as E.164. `None` when the text is no valid number, is a Dutch landline, or has the
/// country code of a country that SMS is not sent to.
#[must_use]
pub fn normalise_phone(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    if !plain.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c)) {
        return None;
    }
    // In "+31 (0)6" the zero is for calls inside the Netherlands only.
    let plain = plain.replace("(0)", "");
    let number = phonenumber::parse(Some(country::NL), &plain).ok()?;
    if !phonenumber::is_valid(&number) || !COUNTRIES.contains(&number.country().code()) {
        return None;
    }
    let text = number.format().mode(Mode::E164).to_string();
    (!text.starts_with("+31") || text.starts_with(DUTCH_MOBILE)).then_some(text)
}

/// A telephone number with all digits hidden except the last two.
#[must_use]
pub fn mask_phone(number: &str) -> String {
    let end = number.len().saturating_sub(2);
    format!("••••••{}", number.get(end..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_gives_the_same_e164() {
        for typed in ["06 12345678", "06-12345678", "0031612345678", "+31 (0)6 12 34 56 78", "+31612345678"] {
            assert_eq!(normalise_phone(typed).as_deref(), Some("+31612345678"), "{typed}");
        }
        assert_eq!(normalise_phone("+32 470 12 34 56").as_deref(), Some("+32470123456"));
    }

    #[test]
    fn invalid_landline_and_foreign_numbers_are_refused() {
        for typed in ["", "1234", "020 123 4567", "+1 212 555 0123", "+88 213 123 456", "0612345678x9", "abc"]
        {
            assert_eq!(normalise_phone(typed), None, "{typed}");
        }
    }

    #[test]
    fn masked_number_shows_the_last_two_digits() {
        assert_eq!(mask_phone("+31612345678"), "••••••78");
    }
}
