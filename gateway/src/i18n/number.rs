//! Telephone numbers as people write them.

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

#[cfg(test)]
mod tests {
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
