//! Limits on the names and the metadata of circuits.

use std::fmt;

use crate::key::{Key, KeyRef};

/// Limits on the length of the parts of a circuit's name, and on the circuit's metadata. They bound
/// the memory and the length of log lines for names and texts that come from untrusted input.
///
/// A registry rejects what is longer; it does not cut anything. If a service needs other limits,
/// pass them to [`RegistryBuilder::text_limits`](crate::RegistryBuilder::text_limits).
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Policy, RegisterError, Registry, TextLimits};
///
/// let registry = Registry::builder().text_limits(TextLimits::new().name_bytes(20)).build()?;
/// assert!(registry.register("payment_api", Policy::new()).is_ok());
/// let refused = registry.register("the_api_of_all_payments", Policy::new());
/// assert!(matches!(refused, Err(RegisterError::InvalidKey { .. })));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLimits {
    pub(crate) name_bytes: usize,
    pub(crate) metadata_entries: usize,
    pub(crate) metadata_bytes: usize,
}

impl TextLimits {
    /// No registry accepts a name with more bytes in a part.
    pub(crate) const LONGEST_NAME: usize = 65_536;

    /// Returns the default limits: 512 bytes per part of a name, 64 metadata entries, and 4,096
    /// bytes of metadata.
    #[must_use]
    pub const fn new() -> Self {
        Self { name_bytes: 512, metadata_entries: 64, metadata_bytes: 4_096 }
    }

    /// Sets the maximum length of each part of a name (identifier, scope and kind), in bytes. 1 to
    /// 65,536, 512 by default.
    #[must_use]
    pub const fn name_bytes(mut self, n: usize) -> Self {
        self.name_bytes = if n > Self::LONGEST_NAME { Self::LONGEST_NAME } else { n };
        self
    }

    /// Sets the maximum number of metadata entries of a circuit; 64 by default.
    #[must_use]
    pub const fn metadata_entries(mut self, n: usize) -> Self {
        self.metadata_entries = n;
        self
    }

    /// Sets the maximum size of a circuit's metadata in bytes, names and values of all entries
    /// together; 4,096 by default.
    #[must_use]
    pub const fn metadata_bytes(mut self, n: usize) -> Self {
        self.metadata_bytes = n;
        self
    }

    /// Whether a circuit may have this name.
    pub(crate) fn allow_name(&self, key: KeyRef<'_>) -> bool {
        !key.identifier().is_empty() && key.longest_part().1.len() <= self.name_bytes
    }

    /// Checks that a circuit may have this much metadata.
    pub(crate) const fn check_metadata(&self, size: MetadataSize) -> Result<(), ExceededLimit> {
        if size.entries > self.metadata_entries {
            Err(ExceededLimit::Entries { entries: size.entries, limit: self.metadata_entries })
        } else if size.bytes > self.metadata_bytes {
            Err(ExceededLimit::Bytes { bytes: size.bytes, limit: self.metadata_bytes })
        } else {
            Ok(())
        }
    }
}

impl Default for TextLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The size of some metadata.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MetadataSize {
    entries: usize,
    bytes: usize,
}

/// Which limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExceededLimit {
    Entries { entries: usize, limit: usize },
    Bytes { bytes: usize, limit: usize },
}

impl fmt::Display for ExceededLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries { entries, limit } => {
                write!(f, "{entries} entries: the metadata of a circuit may have {limit}")
            }
            Self::Bytes { bytes, limit } => {
                write!(f, "{bytes} bytes (names and values): the metadata of a circuit may have {limit}")
            }
        }
    }
}

impl<'a> FromIterator<(&'a String, &'a String)> for MetadataSize {
    fn from_iter<I: IntoIterator<Item = (&'a String, &'a String)>>(entries: I) -> Self {
        let add = |size: Self, (name, value): (&String, &String)| Self {
            entries: size.entries + 1,
            bytes: size.bytes + name.len() + value.len(),
        };
        entries.into_iter().fold(Self::default(), add)
    }
}

/// Why metadata was not set. The existing metadata is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The circuit already has as many entries as the limit allows.
    #[error("circuit `{key}` already has {limit} metadata entries, as many as the `text_limits` of its registry allow")]
    TooManyEntries {
        /// The circuit's key.
        key: Key,
        /// The limit of the circuit's registry.
        limit: usize,
    },
    /// The names and values together would exceed the limit.
    #[error(
        "circuit `{key}` would have {bytes} bytes of metadata (names and values); the `text_limits` of its registry allow {limit}"
    )]
    TooManyBytes {
        /// The circuit's key.
        key: Key,
        /// The size that the metadata would have, in bytes.
        bytes: usize,
        /// The limit of the circuit's registry.
        limit: usize,
    },
}

impl MetadataError {
    pub(crate) const fn new(key: Key, excess: ExceededLimit) -> Self {
        match excess {
            ExceededLimit::Entries { limit, .. } => Self::TooManyEntries { key, limit },
            ExceededLimit::Bytes { bytes, limit } => Self::TooManyBytes { key, bytes, limit },
        }
    }
}
