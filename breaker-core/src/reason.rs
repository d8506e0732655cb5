//! Short texts that say why. Their length is bounded, so that an error that carries a whole page
//! does not cost memory.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

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
pub struct Reason(Cow<'static, str>);

impl Reason {
    /// The maximum length of a reason, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Creates a reason from a static string, without allocating.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self(Cow::Borrowed(cut(text)))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
        let mut bounded = Bounded(String::new());
        // An error only means that the limit was reached, or that a foreign `Display` failed. What
        // was written is kept.
        let _ = bounded.write_fmt(arguments);
        Self(Cow::Owned(bounded.0))
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

/// A string that does not grow beyond the limit.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = text.len().min(Reason::MAX_LEN - self.0.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.push_str(&text[..end]);
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
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
        Self(Cow::Owned(cut(text).to_owned()))
    }
}

impl From<String> for Reason {
    fn from(mut text: String) -> Self {
        let end = cut(&text).len();
        text.truncate(end);
        // A short text may be in a buffer that once held a whole response.
        if text.capacity() > Self::MAX_LEN {
            text.shrink_to_fit();
        }
        Self(Cow::Owned(text))
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
    use super::*;

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
