//! Mobile telephone numbers: accepted as people write them, stored as E.164 (TEL-01).

use chassis::typed;
use phonenumber::{Mode, country};

/// Country codes that SMS is sent to: those of the Kingdom, Belgium, Luxembourg and Germany (THR-02).
const COUNTRIES: [u16; 6] = [31, 32, 49, 297, 352, 599];
/// Sint Maarten shares the country code 1 with North America; its own numbers have this start.
const SINT_MAARTEN: &str = "+1721";
/// The first digits of every Dutch mobile number.
const DUTCH_MOBILE: &str = "+316";

/// A typed mobile number as E.164. `None` when the text is no valid number, is a Dutch landline, or has the
/// country code of a country that SMS is not sent to.
#[must_use]
pub fn normalise_phone(typed: &str) -> Option<String> {
    let digits = typed::phone(typed).filter(|digits| digits.len() <= 20)?;
    let number = phonenumber::parse(Some(country::NL), &digits).ok()?;
    let text = number.format().mode(Mode::E164).to_string();
    let is_sent_to = COUNTRIES.contains(&number.country().code()) || text.starts_with(SINT_MAARTEN);
    if !phonenumber::is_valid(&number) || !is_sent_to {
        return None;
    }
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
        for typed in ["06/12345678", "tel:+31612345678", "06\u{2011}12345678", "\u{202d}0612345678\u{202c}"] {
            assert_eq!(normalise_phone(typed).as_deref(), Some("+31612345678"), "{typed}");
        }
        assert_eq!(normalise_phone("+1 721 520 1234").as_deref(), Some("+17215201234"), "Sint Maarten");
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
