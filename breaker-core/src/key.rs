//! The name of a circuit. Its parts are never joined, so `a:b` + `c` and `a` + `b:c` are different
//! circuits.

mod display;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub(crate) use display::Escaped;
use display::{Shortened, cut};

/// The structured name of a circuit: an identifier, and optionally a scope and a kind.
///
/// Keys are ordered by kind, then scope, then identifier. `&str` and `String` convert into a key
/// without scope and kind. With the feature `serde`, a key is a map of `kind`, `scope` and
/// `identifier`; a string is read as an identifier.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Key;
///
/// let key = Key::new("payment_api").with_scope("payments").with_kind("http");
/// assert_eq!(key.identifier(), "payment_api");
/// assert_eq!(key.scope(), Some("payments"));
/// assert_eq!(key.kind(), Some("http"));
/// assert_eq!(key.to_string(), "http/payments/payment_api");
/// assert_ne!(Key::new("b:c").with_scope("a"), Key::new("c").with_scope("a:b"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    // In this order, because the derived order of keys follows it.
    kind: Option<Arc<str>>,
    scope: Option<Arc<str>>,
    identifier: Arc<str>,
}

impl Key {
    /// Creates a key with this identifier and without scope and kind. A registry rejects an empty
    /// identifier.
    #[must_use]
    pub fn new(identifier: impl Into<Arc<str>>) -> Self {
        Self { kind: None, scope: None, identifier: identifier.into() }
    }

    /// Sets the scope: the group that the circuit belongs to, such as a team or a tenant. None by
    /// default.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Key;
    ///
    /// assert_eq!(Key::new("search").scope(), None);
    /// assert_eq!(Key::new("search").with_scope("catalogue").scope(), Some("catalogue"));
    /// ```
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Sets the kind: the kind of dependency, such as `http` or `database`. None by default.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Key;
    ///
    /// assert_eq!(Key::new("orders").kind(), None);
    /// assert_eq!(Key::new("orders").with_kind("database").kind(), Some("database"));
    /// ```
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<Arc<str>>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Returns the identifier, without scope and kind.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Returns the scope, if there is one.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the kind, if there is one.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The parts that the key has, by name. They are shared, so that labels need no copies.
    #[cfg(feature = "metrics")]
    pub(crate) fn named_parts(&self) -> impl Iterator<Item = (&'static str, &Arc<str>)> {
        let optional = [("scope", self.scope.as_ref()), ("kind", self.kind.as_ref())];
        let present = optional.into_iter().filter_map(|(name, part)| Some((name, part?)));
        std::iter::once(("identifier", &self.identifier)).chain(present)
    }
}

impl Hash for Key {
    /// Hashes like the borrowed form, so that a look-up does not need an owned key.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_key().hash(state);
    }
}

impl fmt::Display for Key {
    /// Writes the parts with slashes between them, for people, not for parsing. Each part is cut at
    /// 128 characters, and control characters are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_key().fmt(f)
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

/// A borrowed key. Look-ups use it, so that they need not allocate.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{AsKey, Key};
///
/// assert_eq!("payment_api".as_key(), Key::new("payment_api").as_key());
/// assert_eq!("payment_api".as_key().to_key(), Key::new("payment_api"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub struct KeyRef<'a> {
    // In the same order as in `Key`.
    kind: Option<&'a str>,
    scope: Option<&'a str>,
    identifier: &'a str,
}

impl PartialEq for KeyRef<'_> {
    /// Compares the identifiers first, because they usually differ, and most keys have nothing
    /// else.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.identifier == other.identifier && self.scope == other.scope && self.kind == other.kind
    }
}

impl Hash for KeyRef<'_> {
    /// A single write for a key without kind and scope. Keys whose parts are only divided
    /// differently may share a hash, which costs a comparison.
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

impl<'a> KeyRef<'a> {
    /// Creates a borrowed key with this identifier and without scope and kind.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Key, KeyRef};
    ///
    /// let key = KeyRef::new("orders").with_scope("checkout").with_kind("database");
    /// assert_eq!(key.to_key(), Key::new("orders").with_scope("checkout").with_kind("database"));
    /// ```
    #[must_use]
    pub const fn new(identifier: &'a str) -> Self {
        Self { kind: None, scope: None, identifier }
    }

    /// A key of these parts.
    pub(crate) const fn of(kind: Option<&'a str>, scope: Option<&'a str>, identifier: &'a str) -> Self {
        Self { kind, scope, identifier }
    }

    /// Sets the scope; see [`Key::with_scope`].
    #[must_use]
    pub const fn with_scope(mut self, scope: &'a str) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets the kind; see [`Key::with_kind`].
    #[must_use]
    pub const fn with_kind(mut self, kind: &'a str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Returns the identifier, without scope and kind.
    #[must_use]
    pub const fn identifier(self) -> &'a str {
        self.identifier
    }

    /// Returns the scope, if there is one.
    #[must_use]
    pub const fn scope(self) -> Option<&'a str> {
        self.scope
    }

    /// Returns the kind, if there is one.
    #[must_use]
    pub const fn kind(self) -> Option<&'a str> {
        self.kind
    }

    /// Returns an owned key with the same parts.
    #[must_use]
    pub fn to_key(self) -> Key {
        Key { kind: self.kind.map(Into::into), scope: self.scope.map(Into::into), identifier: self.identifier.into() }
    }

    /// An owned key with its parts cut to the length that is displayed, for names without a
    /// circuit.
    pub(crate) fn shortened(self) -> Key {
        let shorten = |part: &str| match cut(part) {
            (part, false) => part.into(),
            (part, true) => format!("{part}…").into(),
        };
        Key { kind: self.kind.map(shorten), scope: self.scope.map(shorten), identifier: shorten(self.identifier) }
    }

    /// The longest part in bytes, with the part's name.
    pub(crate) fn longest_part(self) -> (&'static str, &'a str) {
        let parts = [("kind", self.kind.unwrap_or_default()), ("scope", self.scope.unwrap_or_default())];
        parts.into_iter().fold(("identifier", self.identifier), |longest, part| {
            if part.1.len() > longest.1.len() { part } else { longest }
        })
    }
}

impl fmt::Display for KeyRef<'_> {
    /// The same as for [`Key`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.kind, self.scope].into_iter().flatten() {
            write!(f, "{}/", Shortened(part))?;
        }
        write!(f, "{}", Shortened(self.identifier))
    }
}

/// A type that names a circuit in a look-up, such as `&str`, `&String` or `&Key`. The look-up does
/// not allocate.
///
/// You can implement it for your own types. No required method will be added.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Key, Registry, State};
///
/// let registry = Registry::new();
/// let owned = String::from("payment_api");
/// assert_eq!(registry.state("payment_api"), State::Closed);
/// assert_eq!(registry.state(&owned), State::Closed);
/// assert_eq!(registry.state(&Key::new("payment_api").with_scope("payments")), State::Closed);
/// ```
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{AsKey, KeyRef, Registry};
///
/// enum Dependency {
///     Search,
///     Orders,
/// }
///
/// impl AsKey for Dependency {
///     fn as_key(&self) -> KeyRef<'_> {
///         match self {
///             Self::Search => KeyRef::new("search").with_kind("http"),
///             Self::Orders => KeyRef::new("orders").with_kind("database"),
///         }
///     }
/// }
///
/// let registry = Registry::new();
/// registry.call(Dependency::Orders, || Ok::<_, std::io::Error>(()))?;
/// assert_eq!(registry.list()[0].key.to_string(), "database/orders");
/// assert!(registry.get(Dependency::Search).is_none());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a circuit",
    label = "expected `&str`, `&String` or `&Key`"
)]
pub trait AsKey {
    /// Returns the borrowed key.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_by_kind_then_scope_then_identifier() {
        let mut keys = [
            Key::new("a").with_scope("s").with_kind("k"),
            Key::new("z"),
            Key::new("b").with_kind("k"),
            Key::new("a").with_scope("s"),
        ];
        keys.sort();
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["z", "s/a", "k/b", "k/s/a"]);
    }

    #[test]
    fn a_line_break_in_a_name_is_printed_escaped() {
        assert_eq!(Key::new("a\nb\u{1b}").to_string(), "a\\nb\\u{1b}");
        assert_eq!(Key::new("a\u{2028}b\u{202e}c").to_string(), "a\\u{2028}b\\u{202e}c");
    }

    #[test]
    fn a_long_name_is_printed_up_to_a_character_boundary() {
        for (text, shown) in [("x", 'x'), ("é", 'é'), ("𝄞", '𝄞')] {
            assert_eq!(Key::new(text.repeat(128)).to_string(), text.repeat(128));
            let mut cut: String = [shown; 128].iter().collect();
            cut.push('…');
            assert_eq!(Key::new(text.repeat(129)).to_string(), cut);
            assert_eq!(Key::new(text.repeat(129)).as_key().shortened(), Key::new(cut));
        }
        let key = Key::new("i".repeat(200)).with_scope("s".repeat(200)).with_kind("k".repeat(200));
        assert_eq!(key.to_string().chars().count(), 3 * 129 + 2);
    }

    #[test]
    fn the_longest_part_is_named() {
        let key = Key::new("ab").with_scope("abcd").with_kind("abc");
        assert_eq!(key.as_key().longest_part(), ("scope", "abcd"));
        assert_eq!("".as_key().longest_part(), ("identifier", ""));
    }
}
