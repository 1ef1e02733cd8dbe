//! The alphabet of SMS: one message holds 160 characters of GSM-7.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The characters of GSM-7 beyond ASCII that Dutch and English use.
const BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà§€";
/// The printable ASCII characters that GSM-7 lacks.
const NOT_IN_GSM7: &str = "`";

/// Rewrites a text in the characters of GSM-7 (3GPP TS 23.038). A letter that GSM-7 lacks loses its accent;
/// any other character becomes `?`.
pub fn gsm7(text: &str) -> String {
    text.nfc()
        .flat_map(|letter| -> Vec<char> {
            if (letter.is_ascii() && !NOT_IN_GSM7.contains(letter)) || BEYOND_ASCII.contains(letter) {
                return vec![letter];
            }
            let plain: Vec<char> =
                letter.to_string().nfkd().filter(|c| !is_combining_mark(*c) && c.is_ascii()).collect();
            if plain.is_empty() { vec!['?'] } else { plain }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_that_gsm7_lacks_are_left_out() {
        assert_eq!(gsm7("Mijn Cliëntportaal – één"), "Mijn Clientportaal ? één");
        assert_eq!(gsm7("Zoe\u{308} 5913-123456 @host #1"), "Zoe 5913-123456 @host #1");
    }
}
