//! Values that are written from right to left, inside a sentence that is written from left to right.

use std::fmt::Display;

/// FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (Unicode UAX 9): what is between them does not turn the words around.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

/// A value for a sentence. A value with letters that are written from right to left, or with characters that change the
/// direction, is isolated.
#[must_use]
pub fn isolated(value: &impl Display) -> String {
    let text = value.to_string();
    if text.chars().any(turns) { format!("{}{text}{}", ISOLATE.0, ISOLATE.1) } else { text }
}

/// Whether a character is written from right to left, or changes the direction of others.
const fn turns(character: char) -> bool {
    matches!(character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_turns_the_direction_is_isolated() {
        assert_eq!(isolated(&"mevrouw Čapková"), "mevrouw Čapková");
        assert_eq!(isolated(&"فاطمة"), "\u{2068}فاطمة\u{2069}");
        assert_eq!(isolated(&"a\u{202e}b"), "\u{2068}a\u{202e}b\u{2069}");
    }
}
