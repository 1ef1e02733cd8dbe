//! What people type, paste and dictate: one function per kind of value, used by every field, so that what looks the
//! same is the same. What a person cannot see (zero-width, bidirectional and byte-order marks) never counts.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

/// The zero of each set of decimal digits in Unicode's basic plane; the nine others follow it.
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50,
    0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// Whether a character shows nothing and takes no room: Unicode's default ignorable characters.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether an invisible character has a meaning inside a word: it joins letters or parts of a pictogram.
const fn joins(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

const fn is_dash(letter: char) -> bool {
    matches!(
        letter,
        '-' | '\u{58a}' | '\u{5be}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207b}'
                | '\u{208b}'
                | '\u{2212}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{301c}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
    )
}

/// A space, or a character that stands for one. The braille pattern without dots is a space too.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{2800}'
}

fn decimal(letter: char) -> char {
    let code = u32::from(letter);
    let digit = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10));
    digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(letter)
}

/// A letter as it counts in a word: one dash for all dashes, ASCII digits for all decimal digits.
fn plain(letter: char) -> char {
    if is_dash(letter) { '-' } else { decimal(letter) }
}

/// Whether a text shows nothing: spaces, control characters and invisible characters alone.
#[must_use]
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| is_space(letter) || letter.is_control() || is_invisible(letter))
}

/// The length of a text in characters, as people count: an accent belongs to its letter.
#[must_use]
pub(crate) fn length(text: &str) -> usize {
    text.nfc().count()
}

/// A text of a person, such as a message: composed letters, no byte-order mark or direction marks, no space around.
#[must_use]
pub fn text(typed: &str) -> String {
    let visible: String = typed.nfc().filter(|letter| joins(*letter) || !is_invisible(*letter)).collect();
    let trimmed = visible.trim_matches(|letter| is_space(letter) || is_invisible(letter));
    trimmed.to_owned()
}

/// The name of a person or thing: as a [`text`], in one line with single spaces.
#[must_use]
pub fn name(typed: &str) -> String {
    let text = text(typed);
    text.split(is_space).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A word without meaning in its letters' form, such as an address or a user name: compatibility forms (NFKC, such as
/// full-width letters), one kind of dash and of digits, and nothing invisible.
#[must_use]
pub fn word(typed: &str) -> String {
    let word: String = typed.nfkc().filter(|letter| !is_invisible(*letter)).map(plain).collect();
    word.trim_matches(is_space).to_owned()
}

/// A user name, in lower case. Letters of other alphabets that look like an ASCII letter count as that letter (UTS
/// 39), so that two names that look alike are one.
#[must_use]
pub fn username(typed: &str) -> String {
    word(typed).chars().flat_map(char::to_lowercase).flat_map(as_ascii_letter).nfc().collect()
}

/// The letter itself; or the ASCII letter, with its accents, that a letter of another alphabet looks like.
fn as_ascii_letter(letter: char) -> Vec<char> {
    let likeness: Vec<char> = skeleton(letter.encode_utf8(&mut [0; 4])).collect();
    match likeness.split_first() {
        Some((first, accents))
            if !letter.is_ascii()
                && first.is_ascii_alphanumeric()
                && accents.iter().all(|accent| is_combining_mark(*accent)) =>
        {
            std::iter::once(first.to_ascii_lowercase()).chain(accents.iter().copied()).collect()
        }
        _ => vec![letter],
    }
}

/// The digits of a code of at least `length` digits. Of a pasted sentence, the first row of enough digits counts;
/// spaces and dashes may stand between the digits.
#[must_use]
pub fn code(typed: &str, length: usize) -> String {
    let word = word(typed);
    let rows = word.split(|c: char| !(c.is_ascii_digit() || c == '-' || is_space(c)));
    let mut rows = rows.map(|row| row.chars().filter(char::is_ascii_digit).collect::<String>());
    rows.find(|digits| digits.len() >= length)
        .unwrap_or_else(|| word.chars().filter(|c| *c != '-' && !is_space(*c)).collect())
}

/// The digits of a telephone number, after a plus sign where one was typed; `None` where the text has other characters
/// than people put between digits. "tel:" and "(0)" after a country code are left out.
#[must_use]
pub fn phone(typed: &str) -> Option<String> {
    let word = word(typed).to_lowercase();
    let number = word.strip_prefix("tel:").unwrap_or(&word).replace("(0)", "");
    let is_separator = |c: char| is_space(c) || "-./()".contains(c);
    let digits: String = number.chars().filter(|c| !is_separator(*c)).collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    bare.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// A password that the portal made and a person types over: upper case, without spaces and dashes. The letters O, I
/// and L, which such a password never has, count as the digits that they look like.
#[must_use]
pub fn made_password(typed: &str) -> String {
    word(typed)
        .chars()
        .filter(|c| !is_space(*c) && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_what_people_paste() {
        for (typed, digits) in [
            ("123456", "123456"),
            (" 123 456 ", "123456"),
            ("123–456", "123456"),
            ("1 2 3 4 5 6", "123456"),
            ("5913-123456", "5913123456"),
            ("Uw code: 5913-123456", "5913123456"),
            ("Uw code is 123456. Hij werkt 5 minuten.", "123456"),
            ("@thuisgenoten.nl #123456", "123456"),
            ("123\u{200b}456\u{feff}", "123456"),
            ("\u{202a}123456\u{202c}", "123456"),
            ("123\u{a0}456", "123456"),
            ("１２３４５６", "123456"),
            ("١٢٣٤٥٦", "123456"),
            ("12345", "12345"),
            ("12a456", "12a456"),
            ("", ""),
        ] {
            assert_eq!(code(typed, 6), digits, "{typed:?}");
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (typed, number) in [
            ("06 12345678", Some("0612345678")),
            ("06/12 34 56 78", Some("0612345678")),
            ("06‑12345678", Some("0612345678")),
            ("tel:+31612345678", Some("+31612345678")),
            ("+31 (0)6 12 34 56 78", Some("+31612345678")),
            ("０６１２３４５６７８", Some("0612345678")),
            ("\u{202d}0612345678\u{202c}", Some("0612345678")),
            ("06 1234 5678 x9", None),
            ("jan", None),
        ] {
            assert_eq!(phone(typed).as_deref(), number, "{typed:?}");
        }
    }

    #[test]
    fn user_names_that_look_alike_are_one() {
        for typed in [
            "jan",
            " Jan ",
            "JAN\u{200b}",
            "ｊａｎ",
            "j\u{430}n",
            "\u{feff}jan",
            "j\u{430}\u{200d}n",
            "\u{458}an",
        ] {
            assert_eq!(username(typed), "jan", "{typed:?}");
        }
        assert_eq!(username("Zoe\u{308}"), username("ZOË"));
        assert_eq!(username("zo\u{451}"), username("zo\u{eb}"), "a Cyrillic letter with the same accent");
        assert_eq!(username("jan‑de‑vries"), "jan-de-vries");
        for other in ["jan1", "janl", "yan", "jän", "иван"] {
            assert_ne!(username(other), "jan");
            assert_eq!(username(&username(other)), username(other));
        }
    }

    #[test]
    fn a_made_password_is_read_with_look_alikes_and_any_dash() {
        for typed in ["0O1I-L1ab-CDEF-GH23", "oo11 iiab cdef gh23", "0011–11AB—CDEF\u{200b}GH23 "] {
            assert_eq!(made_password(typed), "001111ABCDEFGH23", "{typed:?}");
        }
    }

    #[test]
    fn a_name_or_text_that_shows_nothing_is_empty() {
        for typed in
            ["", " ", "\u{200b}", "\u{feff}\u{202e}", "\u{3164}", "\u{2800}", "\u{ad}\n\t", "\u{200d}"]
        {
            assert!(is_blank(typed), "{typed:?}");
            assert_eq!((name(typed), text(typed)), (String::new(), String::new()), "{typed:?}");
        }
        assert!(!is_blank("."));
    }

    #[test]
    fn a_name_is_one_line_of_what_people_see() {
        assert_eq!(name("\u{feff} Jan\u{a0} de\nVries \u{200b}"), "Jan de Vries");
        assert_eq!(name("Zoe\u{308}"), "Zoë");
        assert_eq!(text("eerste\n\ntweede \u{202e}"), "eerste\n\ntweede");
        assert_eq!(
            text("\u{1f468}\u{200d}\u{1f469}"),
            "\u{1f468}\u{200d}\u{1f469}",
            "joined pictograms stay"
        );
        assert_eq!(length("e\u{301}e\u{301}"), 2);
    }
}
