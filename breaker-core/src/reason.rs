//! Short texts that say why. Their length is bounded, so that an error that carries a whole page
//! does not cost memory.

mod text;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use text::{Text, Written};

/// Why a call failed, or why the state of a circuit was changed by hand: a text of at most
/// [`Reason::MAX_LEN`] bytes.
///
/// Longer texts are cut at a character boundary. Reasons may contain data of your users, so they
/// are logged only at debug level.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Reason;
///
/// assert_eq!(Reason::from("timed out").as_str(), "timed out");
/// assert_eq!(Reason::from("é".repeat(200)).len(), Reason::MAX_LEN);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason(Text);

impl Reason {
    /// The maximum length of a reason, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Creates a reason from a static string, without allocating.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self(Text::Static(cut(text)))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Creates a reason from what `value` displays, up to [`MAX_LEN`](Self::MAX_LEN) bytes.
    /// Formatting stops there.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Reason;
    ///
    /// let error = "seven".parse::<u32>().unwrap_err();
    /// assert_eq!(Reason::from_display(error), "invalid digit found in string");
    /// ```
    #[must_use]
    pub fn from_display(value: impl fmt::Display) -> Self {
        Self::from_arguments(format_args!("{value}"))
    }

    /// The same as [`from_display`](Self::from_display), of several values.
    pub(crate) fn from_arguments(arguments: fmt::Arguments<'_>) -> Self {
        if let Some(text) = arguments.as_str() {
            return Self::from_static(text);
        }
        let mut written = Written::up_to(Self::MAX_LEN);
        // An error only means that the limit was reached, or that a foreign `Display` failed. What
        // was written is kept.
        let _ = fmt::write(&mut written, arguments);
        Self(written.into_text())
    }
}

/// The longest prefix of whole characters that fits.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(Reason::MAX_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Reason {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Reason {
    /// Writes the text as it was given. [`Status`](crate::Status) escapes control characters when
    /// it displays a reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self(Text::from(cut(text)))
    }
}

impl From<String> for Reason {
    fn from(mut text: String) -> Self {
        let end = cut(&text).len();
        text.truncate(end);
        Self(Text::from(text))
    }
}

impl From<&String> for Reason {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Cow<'static, str>> for Reason {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from_static(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl PartialEq<str> for Reason {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn a_reason_is_three_words_and_its_absence_costs_nothing() {
        assert_eq!(size_of::<Reason>(), 24);
        assert_eq!(size_of::<Option<Reason>>(), 24);
        assert_eq!(size_of::<Outcome>(), 40);
    }

    #[test]
    fn reasons_are_the_same_however_their_texts_are_kept() {
        for text in ["", "timed out", "a text that is longer than three words"] {
            let text: &'static str = text;
            let ways = [
                Reason::from_static(text),
                Reason::from(text),
                Reason::from(text.to_owned()),
                Reason::from_display(text),
                Reason::from(Cow::Borrowed(text)).clone(),
            ];
            for reason in &ways {
                assert_eq!(reason, text);
                assert_eq!(reason, &ways[0]);
                assert_eq!(reason.cmp(&ways[0]), std::cmp::Ordering::Equal);
                assert_eq!(HashSet::from([reason, &ways[0]]).len(), 1);
            }
        }
        let (short, long) = (Reason::from("a"), Reason::from("b".repeat(100)));
        assert!(short < long);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = format!("a{}", "é".repeat(300));
        let reason = Reason::from(text.clone());
        assert_eq!(reason.len(), 255);
        assert!(text.starts_with(reason.as_str()));
    }

    #[test]
    fn formatting_stops_at_the_limit() {
        let reason = Reason::from_arguments(format_args!("{}{}", "x".repeat(250), "y".repeat(1_000_000)));
        assert_eq!(reason.len(), Reason::MAX_LEN);
        assert!(reason.ends_with("yyyyyy"));
    }
}
