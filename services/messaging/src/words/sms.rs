//! What a text message can hold: one of 160 characters of GSM-7.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The letters of GSM-7 beyond ASCII that Dutch and English use, and ASCII's that it lacks.
const MORE: &str = "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà§€";
const LACKS: &str = "`";

/// A text in the letters of GSM-7 (3GPP TS 23.038): an accent that it does not have is left out.
pub fn gsm7(text: &str) -> String {
    text.nfc()
        .flat_map(|letter| -> Vec<char> {
            if (letter.is_ascii() && !LACKS.contains(letter)) || MORE.contains(letter) {
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
    fn accents_that_a_text_message_does_not_have_are_left_out() {
        assert_eq!(gsm7("Mijn Cliëntportaal – één"), "Mijn Clientportaal ? één");
        assert_eq!(gsm7("Zoe\u{308} 5913-123456 @host #1"), "Zoe 5913-123456 @host #1");
    }
}
