//! The name of a circuit. Its parts are never joined, so `a:b` + `c` and `a` + `b:c` are different
//! circuits.

mod display;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
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
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    identifier: Arc<str>,
    /// `None` if the key has neither part, as most keys do: every circuit has a key.
    group: Option<Arc<Group>>,
}

/// The parts of a key that it shares with others.
#[derive(Clone, Default, PartialEq, Eq)]
struct Group {
    kind: Option<Arc<str>>,
    scope: Option<Arc<str>>,
}

impl Key {
    /// Creates a key with this identifier and without scope and kind. A registry rejects an empty
    /// identifier.
    #[must_use]
    pub fn new(identifier: impl Into<Arc<str>>) -> Self {
        Self { identifier: identifier.into(), group: None }
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
        self.group_mut().scope = Some(scope.into());
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
        self.group_mut().kind = Some(kind.into());
        self
    }

    fn group_mut(&mut self) -> &mut Group {
        Arc::make_mut(self.group.get_or_insert_default())
    }

    /// Returns the identifier, without scope and kind.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Returns the scope, if there is one.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.group.as_ref()?.scope.as_deref()
    }

    /// Returns the kind, if there is one.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.group.as_ref()?.kind.as_deref()
    }

    /// The parts that the key has, by name. They are shared, so that labels need no copies.
    #[cfg(feature = "metrics")]
    pub(crate) fn named_parts(&self) -> impl Iterator<Item = (&'static str, &Arc<str>)> {
        let group = self.group.as_deref();
        let part = |of: fn(&Group) -> &Option<Arc<str>>| group.and_then(|group| of(group).as_ref());
        let optional = [("scope", part(|group| &group.scope)), ("kind", part(|group| &group.kind))];
        let present = optional.into_iter().filter_map(|(name, part)| Some((name, part?)));
        std::iter::once(("identifier", &self.identifier)).chain(present)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_key().cmp(&other.as_key())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kind", &self.kind())
            .field("scope", &self.scope())
            .field("identifier", &self.identifier())
            .finish()
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
    // In this order, because the derived order of keys follows it.
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
        self.map(Into::into)
    }

    /// An owned key of these parts as `own` makes them.
    fn map(self, own: impl Fn(&'a str) -> Arc<str>) -> Key {
        let group = Group { kind: self.kind.map(&own), scope: self.scope.map(&own) };
        let has_group = self.kind.is_some() || self.scope.is_some();
        Key { identifier: own(self.identifier), group: has_group.then(|| Arc::new(group)) }
    }

    /// An owned key with its parts cut to the length that is displayed, for names without a
    /// circuit.
    pub(crate) fn shortened(self) -> Key {
        let shorten = |part: &str| match cut(part) {
            (part, false) => part.into(),
            (part, true) => format!("{part}…").into(),
        };
        self.map(shorten)
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
        KeyRef { kind: self.kind(), scope: self.scope(), identifier: &self.identifier }
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
