//! Tokens and operators: who sends a command, and how they prove it.

use std::fmt;
use std::sync::Arc;

use subtle::{Choice, ConstantTimeEq};

/// A secret that proves who sends a command: `Authorization: Bearer <token>`.
///
/// Tokens are compared in constant time. They are never printed, logged or part of a URL.
///
/// ```
/// use breaker_box_panel::Token;
///
/// let token = Token::new("correct-horse-battery-staple")?;
/// assert_eq!(format!("{token:?}"), "Token(…)");
/// assert!(Token::new("too short").is_err());
/// # Ok::<(), breaker_box_panel::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Token {
    /// Padded to the longest length, so that every comparison takes the same time.
    padded: [u8; Token::MAX_LEN],
    length: u64,
}

/// A text that cannot be a [`Token`]. It does not contain the text.
///
/// ```
/// use breaker_box_panel::{Token, TokenError};
///
/// assert_eq!(Token::new("too short").unwrap_err(), TokenError::Length { found: 9 });
/// assert_eq!(Token::new("a secret with spaces").unwrap_err(), TokenError::Character { at: 1 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is too short to resist guessing, or too long for a header.
    #[error("a token has {} to {} bytes, not {found}", Token::MIN_LEN, Token::MAX_LEN)]
    Length {
        /// The length of the text in bytes.
        found: usize,
    },
    /// The text has a space, a control character or a character outside ASCII, none of which is
    /// safe in a header.
    #[error("a token consists of visible ASCII characters; the one at byte {at} is not")]
    Character {
        /// The position of the character in bytes, from 0.
        at: usize,
    },
}

impl Token {
    /// The shortest length of a token, in bytes.
    pub const MIN_LEN: usize = 16;
    /// The longest length of a token, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Makes a token of [`MIN_LEN`](Self::MIN_LEN) to [`MAX_LEN`](Self::MAX_LEN) visible ASCII
    /// characters.
    ///
    /// # Errors
    ///
    /// [`TokenError::Length`] if the text is shorter or longer than that, and
    /// [`TokenError::Character`] if it has other characters.
    pub fn new(secret: impl AsRef<str>) -> Result<Self, TokenError> {
        let secret = secret.as_ref().as_bytes();
        if !(Self::MIN_LEN..=Self::MAX_LEN).contains(&secret.len()) {
            return Err(TokenError::Length { found: secret.len() });
        }
        if let Some(at) = secret.iter().position(|byte| !byte.is_ascii_graphic()) {
            return Err(TokenError::Character { at });
        }
        Ok(Self::pad(secret))
    }

    /// Whether this is the token. The time it takes depends on the length of `shown` alone.
    pub(crate) fn matches(&self, shown: &[u8]) -> Choice {
        if shown.len() > Self::MAX_LEN {
            return Choice::from(0);
        }
        let shown = Self::pad(shown);
        self.padded.ct_eq(&shown.padded) & self.length.ct_eq(&shown.length)
    }

    fn pad(secret: &[u8]) -> Self {
        let mut padded = [0; Self::MAX_LEN];
        padded[..secret.len()].copy_from_slice(secret);
        Self { padded, length: secret.len() as u64 }
    }
}

impl fmt::Debug for Token {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The name of whoever sends a command. It appears in the event, in the timeline and in the log.
///
/// ```
/// use breaker_box_panel::Operator;
///
/// assert_eq!(Operator::new("alice").name(), "alice");
/// assert_eq!(Operator::new("mal\nlory").name(), "mallory", "nobody forges a log line");
/// assert_eq!(Operator::new(" ").name(), "somebody");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(Arc<str>);

impl Operator {
    /// The most bytes of a name that are kept, so that name and reason fit into an event.
    pub const MAX_LEN: usize = 50;

    /// Makes an operator from a name: trimmed, without control characters, and cut to
    /// [`MAX_LEN`](Self::MAX_LEN) bytes between characters. An empty name becomes `somebody`.
    #[must_use]
    pub fn new(name: impl AsRef<str>) -> Self {
        let mut kept = String::new();
        for character in name.as_ref().trim().chars().filter(|character| !character.is_control()) {
            if kept.len() + character.len_utf8() > Self::MAX_LEN {
                break;
            }
            kept.push(character);
        }
        Self(if kept.is_empty() { "somebody".into() } else { kept.into() })
    }

    /// The name, at most [`MAX_LEN`](Self::MAX_LEN) bytes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_matches() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(bool::from(token.matches(b"0123456789abcdef")));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef\0", "1123456789abcdef"] {
            assert!(!bool::from(token.matches(other.as_bytes())), "{other:?}");
        }
        assert!(!bool::from(token.matches(&[b'0'; 10_000])));
    }

    #[test]
    fn a_text_that_is_unsafe_in_a_header_is_no_token() {
        assert_eq!(Token::new("short").unwrap_err(), TokenError::Length { found: 5 });
        assert_eq!(Token::new("x".repeat(257)).unwrap_err(), TokenError::Length { found: 257 });
        assert_eq!(Token::new("0123456789 abcdef").unwrap_err(), TokenError::Character { at: 10 });
        assert_eq!(Token::new("0123456789abcdé").unwrap_err(), TokenError::Character { at: 14 });
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(Operator::new("é".repeat(40)).name(), "é".repeat(25));
    }
}
