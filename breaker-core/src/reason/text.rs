//! The text of a reason in three words, of which a short text needs no more.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A text that does not change. Equality, order and hash are those of the text, however it is kept.
#[derive(Clone)]
pub(super) enum Text {
    /// A literal, however long.
    Static(&'static str),
    /// Most errors say what is wrong in a few words.
    Short(Short),
    Long(Box<str>),
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Short(text) => text.as_str(),
            Self::Long(text) => text,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut short = Short::EMPTY;
        if short.push(text) { Self::Short(short) } else { Self::Long(text.into()) }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        let mut short = Short::EMPTY;
        if short.push(&text) { Self::Short(short) } else { Self::Long(text.into()) }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// A text of a few bytes.
#[derive(Clone, Copy)]
pub(super) struct Short {
    len: u8,
    bytes: [u8; Self::CAPACITY],
}

impl Short {
    /// What three words have left next to the length and the variant of [`Text`].
    const CAPACITY: usize = 22;
    const EMPTY: Self = Self { len: 0, bytes: [0; Self::CAPACITY] };

    /// Adds a text as a whole. False, and nothing is added, if there is no room for it.
    #[inline]
    fn push(&mut self, text: &str) -> bool {
        let begin = usize::from(self.len);
        let Some(room) = self.bytes.get_mut(begin..begin + text.len()) else { return false };
        room.copy_from_slice(text.as_bytes());
        // At most `CAPACITY`.
        #[allow(clippy::cast_possible_truncation)]
        {
            self.len += text.len() as u8;
        }
        true
    }

    fn as_str(&self) -> &str {
        // Whole texts were copied in, so this is always valid.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// A text that is being written, and does not grow beyond a limit. It is moved to the heap only if
/// it becomes long.
pub(super) struct Written {
    short: Short,
    long: String,
    limit: usize,
}

impl Written {
    /// An empty text that grows up to so many bytes, which are more than a short text has.
    pub(super) const fn up_to(limit: usize) -> Self {
        Self { short: Short::EMPTY, long: String::new(), limit }
    }

    pub(super) fn into_text(self) -> Text {
        if self.long.is_empty() { Text::Short(self.short) } else { Text::Long(self.long.into()) }
    }

    #[cold]
    fn write_long(&mut self, text: &str) -> fmt::Result {
        if self.long.is_empty() {
            self.long.reserve(self.limit);
            self.long.push_str(self.short.as_str());
        }
        let mut end = text.len().min(self.limit - self.long.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.long.push_str(&text[..end]);
        if end == text.len() {
            return Ok(());
        }
        // What follows must not fill the gap that a character has left which did not fit.
        self.limit = self.long.len();
        Err(fmt::Error)
    }
}

impl fmt::Write for Written {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.long.is_empty() && self.short.push(text) { Ok(()) } else { self.write_long(text) }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_text_is_kept_whole_whether_short_or_long() {
        for length in [0, 1, 21, 22, 23, 64, 256] {
            let text = "x".repeat(length);
            let mut written = Written::up_to(256);
            write!(written, "{}{}", &text[..length / 2], &text[length / 2..]).unwrap();
            let ways = [Text::from(text.as_str()), Text::from(text.clone()), written.into_text()];
            for way in ways {
                assert_eq!(way.as_str(), text);
                assert_eq!(matches!(way, Text::Short(_)), length <= Short::CAPACITY);
            }
        }
    }

    #[test]
    fn a_text_that_ends_within_a_character_is_cut_before_it() {
        let (mut written, end) = (Written::up_to(256), "é");
        assert!(write!(written, "{}{end}", "x".repeat(255)).is_err());
        assert!(written.write_str("z").is_err());
        assert_eq!(written.into_text().as_str(), "x".repeat(255));
    }
}
