//! An identifier that is formatted for each call.

use std::fmt;

use crate::limits::TextLimits;

/// The text, which is on the stack while it is short.
pub(super) struct Name {
    short: [u8; Self::SHORT],
    len: usize,
    long: String,
}

impl Name {
    const SHORT: usize = 64;

    pub(super) const fn new() -> Self {
        Self { short: [0; Self::SHORT], len: 0, long: String::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        if self.long.is_empty() {
            // Whole texts were copied in, so this is always valid.
            std::str::from_utf8(&self.short[..self.len]).unwrap_or_default()
        } else {
            &self.long
        }
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        if self.long.is_empty() && end <= Self::SHORT {
            self.short[self.len..end].copy_from_slice(text.as_bytes());
            self.len = end;
            return Ok(());
        }
        if self.long.is_empty() {
            let short = self.as_str().to_owned();
            self.long = short;
        }
        // No registry accepts a longer name, however much longer it is.
        let end = (TextLimits::LONGEST_NAME.saturating_sub(self.long.len()) + 1..text.len())
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(text.len());
        self.long.push_str(&text[..end]);
        if self.long.len() > TextLimits::LONGEST_NAME { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_name_is_kept_whole_whether_short_or_long() {
        for length in [0, 1, 63, 64, 65, 200] {
            let text = "x".repeat(length);
            let mut name = Name::new();
            write!(name, "{}{}", &text[..length / 2], &text[length / 2..]).unwrap();
            assert_eq!(name.as_str(), text);
        }
    }

    #[test]
    fn a_name_that_no_registry_takes_is_not_written_to_its_end() {
        for text in ["x", "é", "𝄞"] {
            let mut name = Name::new();
            assert!(write!(name, "{}{}", text.repeat(40_000), text.repeat(1_000_000)).is_err());
            let length = name.as_str().len();
            assert!(length > TextLimits::LONGEST_NAME && length <= TextLimits::LONGEST_NAME + 4, "{length} bytes");
        }
        let mut name = Name::new();
        assert!(write!(name, "{}{}", "x".repeat(40_000), "x".repeat(25_536)).is_ok());
        assert_eq!(name.as_str().len(), TextLimits::LONGEST_NAME);
    }
}
