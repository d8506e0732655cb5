//! Errors of the registry.

use std::fmt;

use crate::key::{AsKey as _, Key, KeyRef};
use crate::limits::TextLimits;
use crate::policy::PolicyError;

/// No circuit of that name is registered.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{NotFoundError, Registry};
///
/// let error = Registry::new().status("payment_api").unwrap_err();
/// assert_eq!(error.key().identifier(), "payment_api");
/// assert_eq!(error, NotFoundError::new("payment_api"));
/// assert_eq!(error.to_string(), "no circuit `payment_api` is registered");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no circuit `{key}` is registered")]
pub struct NotFoundError {
    key: Key,
}

impl NotFoundError {
    /// Creates the error for this name, for tests and for your own look-ups.
    #[must_use]
    pub fn new(key: impl Into<Key>) -> Self {
        Self { key: key.into() }
    }

    /// Returns the name that was looked up.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }
}

/// Why a circuit could not be registered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is taken. `get_or_register` returns the existing circuit.
    #[error("circuit `{key}` is already registered; `get_or_register` returns it, `configure` changes its policy")]
    AlreadyRegistered {
        /// The name.
        key: Key,
    },
    /// The policy is invalid.
    #[error("circuit `{key}`: {error}")]
    InvalidPolicy {
        /// The name.
        key: Key,
        /// What is wrong with the policy.
        #[source]
        error: PolicyError,
    },
    /// The identifier is empty, or a part of the name is longer than the registry's
    /// [`TextLimits`](crate::TextLimits) allow.
    #[error("{}", KeyProblem(key.as_key()))]
    InvalidKey {
        /// The name.
        key: Key,
    },
    /// The registry is full, and no circuit can be evicted.
    #[error(
        "circuit `{key}`: the registry is full ({limit} circuits) and can evict none of them; `unregister` one, or raise \
         `max_circuits`"
    )]
    Full {
        /// The name.
        key: Key,
        /// The registry's limit, in circuits.
        limit: usize,
    },
}

/// Displays why a registry rejects a name.
pub(crate) struct KeyProblem<'a>(pub(crate) KeyRef<'a>);

impl fmt::Display for KeyProblem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key) = self;
        if key.identifier().is_empty() {
            return f.write_str("the identifier of a circuit must not be empty");
        }
        let (part, text) = key.longest_part();
        let usual = TextLimits::new().name_bytes;
        write!(
            f,
            "circuit `{key}`: its {part} has {} bytes, more than the `text_limits` of the registry allow ({usual} by default)",
            text.len()
        )
    }
}

/// Why a circuit could not be configured.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigureError {
    /// No circuit of that name is registered.
    #[error(transparent)]
    NotFound(#[from] NotFoundError),
    /// The policy is invalid.
    #[error(transparent)]
    InvalidPolicy(#[from] PolicyError),
}

/// Why a circuit could not be created, without its key, which most callers do not need.
#[derive(Clone, Copy)]
pub(super) enum Refusal {
    InvalidKey,
    InvalidPolicy(PolicyError),
    Full { limit: usize },
}

impl Refusal {
    pub(super) fn of(self, key: Key) -> RegisterError {
        match self {
            Self::InvalidKey => RegisterError::InvalidKey { key },
            Self::InvalidPolicy(error) => RegisterError::InvalidPolicy { key, error },
            Self::Full { limit } => RegisterError::Full { key, limit },
        }
    }
}
