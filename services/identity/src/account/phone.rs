//! Mobile telephone numbers: kept as E.164, taken as people write them (TEL-01).

use phonenumber::{Mode, country};

/// Countries that messages are sent to: the kingdom's and the neighbours' (THR-02).
const COUNTRIES: [u16; 6] = [31, 32, 49, 297, 352, 599];
/// What Dutch mobile numbers begin with.
const DUTCH_MOBILE: &str = "+316";

/// A mobile number as E.164; `None` where it is none, or of a country that messages are not sent to.
#[must_use]
pub fn normalise_phone(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    if !plain.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c)) {
        return None;
    }
    // "+31 (0)6": the zero is written for those who call from within.
    let plain = plain.replace("(0)", "");
    let number = phonenumber::parse(Some(country::NL), &plain).ok()?;
    if !phonenumber::is_valid(&number) || !COUNTRIES.contains(&number.country().code()) {
        return None;
    }
    let text = number.format().mode(Mode::E164).to_string();
    (!text.starts_with("+31") || text.starts_with(DUTCH_MOBILE)).then_some(text)
}

/// A number with all but its last two digits hidden.
#[must_use]
pub fn mask_phone(number: &str) -> String {
    let end = number.len().saturating_sub(2);
    format!("••••••{}", number.get(end..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for typed in ["06 12345678", "06-12345678", "0031612345678", "+31 (0)6 12 34 56 78", "+31612345678"] {
            assert_eq!(normalise_phone(typed).as_deref(), Some("+31612345678"), "{typed}");
        }
        assert_eq!(normalise_phone("+32 470 12 34 56").as_deref(), Some("+32470123456"));
    }

    #[test]
    fn what_is_no_mobile_number_of_these_parts_is_refused() {
        for typed in ["", "1234", "020 123 4567", "+1 212 555 0123", "+88 213 123 456", "0612345678x9", "abc"]
        {
            assert_eq!(normalise_phone(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_number_is_shown_by_its_last_two_digits() {
        assert_eq!(mask_phone("+31612345678"), "••••••78");
    }
}
