//! The name of a circuit, in parts that are never joined: `a:b` + `c` and `a` + `b:c` stay two circuits.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The structured name of a circuit: an identifier, and optionally a scope and a kind.
///
/// Keys order by kind, then scope, then identifier. `&str` and `String` convert into a key with neither scope nor kind.
///
/// ```
/// use breaker_core::Key;
///
/// let key = Key::new("payment_api").scope("payments").kind("http");
/// assert_eq!(&*key.identifier, "payment_api");
/// assert_eq!(key.scope.as_deref(), Some("payments"));
/// assert_eq!(key.to_string(), "http/payments/payment_api");
/// assert_ne!(Key::new("b:c").scope("a"), Key::new("c").scope("a:b"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What sort of dependency it is (`http`, `database`); none by default.
    pub kind: Option<Arc<str>>,
    /// The group it belongs to; none by default.
    pub scope: Option<Arc<str>>,
    /// The name itself. A registry refuses an empty one.
    pub identifier: Arc<str>,
}

impl Key {
    /// A key with this identifier, without scope and kind.
    #[must_use]
    pub fn new(identifier: impl Into<Arc<str>>) -> Self {
        Self { kind: None, scope: None, identifier: identifier.into() }
    }

    /// The same key in a scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The same key of a kind.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<Arc<str>>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// The identifier, without scope and kind.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }
}

impl Hash for Key {
    /// As its borrowed form, so that a look-up need not own one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_key().hash(state);
    }
}

impl fmt::Display for Key {
    /// The parts with slashes between them, control characters escaped: for people, not for parsing.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.kind, &self.scope].into_iter().flatten() {
            write!(formatter, "{}/", Escaped(part))?;
        }
        write!(formatter, "{}", Escaped(&self.identifier))
    }
}

impl From<&str> for Key {
    fn from(identifier: &str) -> Self {
        Self::new(identifier)
    }
}

impl From<String> for Key {
    fn from(identifier: String) -> Self {
        Self::new(identifier)
    }
}

impl From<&String> for Key {
    fn from(identifier: &String) -> Self {
        Self::new(identifier.as_str())
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

/// A borrowed key: what look-ups compare, without owning a byte.
///
/// ```
/// use breaker_core::{AsKey, Key};
///
/// assert_eq!("payment_api".as_key(), Key::new("payment_api").as_key());
/// assert_eq!("payment_api".as_key().to_key(), Key::new("payment_api"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub struct KeyRef<'a> {
    /// As [`Key::kind`].
    pub kind: Option<&'a str>,
    /// As [`Key::scope`].
    pub scope: Option<&'a str>,
    /// As [`Key::identifier`].
    pub identifier: &'a str,
}

impl PartialEq for KeyRef<'_> {
    /// The identifiers first: they are what mostly differs, and mostly all there is.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.identifier == other.identifier && self.scope == other.scope && self.kind == other.kind
    }
}

impl Hash for KeyRef<'_> {
    /// One stroke for a key without kind and scope. Keys whose parts only lie differently may share a hash, which costs a comparison.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.identifier.as_bytes());
        // Written out, because a loop over both takes longer than the hash itself.
        if let Some(scope) = self.scope {
            state.write(scope.as_bytes());
        }
        if let Some(kind) = self.kind {
            state.write(kind.as_bytes());
        }
    }
}

impl KeyRef<'_> {
    /// The key that owns its parts.
    #[must_use]
    pub fn to_key(self) -> Key {
        Key { kind: self.kind.map(Into::into), scope: self.scope.map(Into::into), identifier: self.identifier.into() }
    }
}

/// What names a circuit in a look-up: `&str`, `&String`, `&Key`, or one of them by value. Nothing is allocated.
///
/// ```
/// use breaker_core::{Key, Registry, State};
///
/// let registry = Registry::new();
/// let owned = String::from("payment_api");
/// assert_eq!(registry.state("payment_api"), State::Closed);
/// assert_eq!(registry.state(&owned), State::Closed);
/// assert_eq!(registry.state(&Key::new("payment_api").scope("payments")), State::Closed);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a circuit",
    label = "expected `&str`, `&String` or `&Key`"
)]
pub trait AsKey {
    /// The parts, borrowed.
    fn as_key(&self) -> KeyRef<'_>;
}

impl AsKey for str {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef { kind: None, scope: None, identifier: self }
    }
}

impl AsKey for String {
    fn as_key(&self) -> KeyRef<'_> {
        self.as_str().as_key()
    }
}

impl AsKey for Key {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef { kind: self.kind.as_deref(), scope: self.scope.as_deref(), identifier: &self.identifier }
    }
}

impl AsKey for KeyRef<'_> {
    fn as_key(&self) -> KeyRef<'_> {
        *self
    }
}

impl<T: AsKey + ?Sized> AsKey for &T {
    fn as_key(&self) -> KeyRef<'_> {
        (**self).as_key()
    }
}

/// Prints a text with its control characters escaped, so that a name or a reason cannot forge a log line.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_by_kind_then_scope_then_identifier() {
        let mut keys =
            [Key::new("a").scope("s").kind("k"), Key::new("z"), Key::new("b").kind("k"), Key::new("a").scope("s")];
        keys.sort();
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["z", "s/a", "k/b", "k/s/a"]);
    }

    #[test]
    fn a_line_break_in_a_name_is_printed_escaped() {
        assert_eq!(Key::new("a\nb\u{1b}").to_string(), "a\\nb\\u{1b}");
    }
}
