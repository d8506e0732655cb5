//! How names and texts are displayed.

use std::fmt::{self, Write as _};

/// How many characters of each part of a name errors and logs repeat.
const SHOWN: usize = 128;

/// The part of a text that is displayed, and whether it was cut.
pub(super) fn cut(text: &str) -> (&str, bool) {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

/// Displays the beginning of a name, escaped. Names may come from untrusted input, and errors, logs
/// and responses repeat them.
pub(super) struct Shortened<'a>(pub(super) &'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, is_cut) = cut(self.0);
        write!(f, "{}", Escaped(text))?;
        if is_cut { f.write_char('…') } else { Ok(()) }
    }
}

/// Displays a text with its control characters escaped, so that a name or a reason cannot forge a
/// log line. It also escapes characters that break lines or change the text's direction.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

fn is_unsafe_to_show(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_unsafe_to_show(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}
