//! Numbers as people write them.

use chassis::calendar::Language;

/// A telephone number as people in the Netherlands write it: `+31610320000` is `06 10 32 00 00`. A number of another
/// country, and a text that is no number, stays as it is.
#[must_use]
pub fn number_in_words(number: &str) -> String {
    let digits =
        number.strip_prefix("+31").filter(|rest| rest.len() == 9 && rest.bytes().all(|b| b.is_ascii_digit()));
    let Some(digits) = digits else { return number.to_owned() };
    if !digits.starts_with('6') {
        return format!("0{digits}");
    }
    let pairs = digits.as_bytes().get(1..).unwrap_or_default().chunks(2);
    pairs.fold("06".to_owned(), |text, pair| format!("{text} {}", String::from_utf8_lossy(pair)))
}

/// A number with at most three decimals, and the decimal sign of the language: `72,5` or `72.5`.
#[must_use]
pub fn decimal_in_words(language: Language, number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = if text == "-0" { "0" } else { text };
    match language {
        Language::Nl => text.replace('.', ","),
        Language::En => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn decimals_follow_the_language_and_have_no_idle_zeros() {
        let dutch = |number| decimal_in_words(Language::Nl, number);
        assert_eq!([dutch(72.5), dutch(72.0), dutch(-0.0001), dutch(1000.0)], ["72,5", "72", "0", "1000"]);
        assert_eq!(decimal_in_words(Language::En, 37.25), "37.25");
    }

    use super::*;

    #[test]
    fn dutch_mobile_numbers_are_written_in_pairs() {
        assert_eq!(number_in_words("+31610320000"), "06 10 32 00 00");
        assert_eq!(number_in_words("+31201234567"), "0201234567");
        for other in ["+4915112345678", "+316", "", "+31éé1032000", "a@voorbeeld.nl"] {
            assert_eq!(number_in_words(other), other);
        }
    }
}
