//! The names of circuits in the store, and the shard that each belongs to.
//!
//! A name is the identifier, `scope/identifier` or `kind/scope/identifier`, each part
//! percent-encoded: different keys have different names, and a name leads back to its key. It has
//! no characters but letters, digits and `-_.%/~`, so that it needs no escaping anywhere. A kind
//! without a scope has `~` in the scope's place, and `~` alone is the empty identifier.
//!
//! A name above [`LONGEST`] bytes is replaced by its hash, and the whole name is kept in the record.
//! With a secret every name is replaced by a keyed hash, and no name leaves the process.

mod percent;

use std::fmt::Write as _;
use std::sync::Arc;

use breaker_core::{Key, KeyRef};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::protocol::Name;
pub(crate) use percent::{decoded, encoded};

/// The longest name in bytes that is not hashed.
const LONGEST: usize = 128;
/// The longest name in bytes that is kept beside its hash, and that is read.
pub(crate) const LONGEST_FULL: usize = 512;
/// How many bytes of a hash a name has: 160 bits, so that no two circuits ever share a name.
const HASHED: usize = 20;
/// Marks a hash, and stands for what is absent or empty. Percent-encoded parts never contain it.
const MARK: char = '~';

/// How the circuits of a fleet are named. All instances of a fleet need the same.
pub(crate) struct Names {
    secret: Option<Hmac<Sha256>>,
}

impl std::fmt::Debug for Names {
    /// Tells whether names are secret, and nothing about the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("secret", &self.secret.is_some()).finish()
    }
}

/// A name as a record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: Name,
    /// The whole name, if `name` is its hash and it is neither secret nor longer than
    /// [`LONGEST_FULL`].
    pub(crate) full_name: Option<Arc<str>>,
}

impl Names {
    /// Readable names, where they are not too long.
    pub(crate) const fn readable() -> Self {
        Self { secret: None }
    }

    /// Hashes that only instances with this secret can compute.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes keys of any length.
    pub(crate) fn secret(secret: &[u8]) -> Self {
        Self { secret: Some(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")) }
    }

    pub(crate) fn name(&self, key: KeyRef<'_>) -> Named {
        let full = full_name(key);
        if let Some(secret) = &self.secret {
            let hash = secret.clone().chain_update(full.as_bytes()).finalize().into_bytes();
            return Named { name: hashed(&hash), full_name: None };
        }
        if full.len() <= LONGEST {
            return Named { name: Name(full.into()), full_name: None };
        }
        let name = hashed(&Sha256::digest(full.as_bytes()));
        Named { name, full_name: (full.len() <= LONGEST_FULL).then(|| full.into()) }
    }
}

/// The key that a readable name was made of; `None` for a hash, and for what is no name of ours.
pub(crate) fn key(name: &str) -> Option<Key> {
    if name == "~" {
        return Some(Key::new(""));
    }
    let mut parts = name.split('/').rev();
    let key = Key::new(decoded(parts.next()?)?);
    let key = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => key,
        (Some(scope), None, None) => key.with_scope(decoded(scope)?),
        (Some("~"), Some(kind), None) => key.with_kind(decoded(kind)?),
        (Some(scope), Some(kind), None) => key.with_scope(decoded(scope)?).with_kind(decoded(kind)?),
        _ => return None,
    };
    Some(key)
}

/// Whether this can be a name: not empty, not too long, and of the characters that names have.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%/~".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_FULL && text.bytes().all(allowed)
}

/// FNV-1a with 64 bits, from another beginning for each seed: the same in every process and version.
pub(crate) fn hash(name: &Name, seed: u64) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.0.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, step)
}

/// The shard of a name, the same in every process and version.
pub(crate) fn shard(name: &Name, shards: u16) -> u16 {
    let shard = hash(name, 0) % u64::from(shards.max(1));
    u16::try_from(shard).expect("less than the number of shards")
}

fn full_name(key: KeyRef<'_>) -> String {
    let mut name = String::with_capacity(key.identifier().len() + 8);
    match (key.kind(), key.scope()) {
        (None, None) => {}
        (None, Some(scope)) => name.extend([encoded(scope).as_str(), "/"]),
        (Some(kind), scope) => {
            let scope = scope.map_or_else(|| MARK.to_string(), encoded);
            name.extend([encoded(kind).as_str(), "/", scope.as_str(), "/"]);
        }
    }
    name.push_str(&encoded(key.identifier()));
    if name.is_empty() {
        name.push(MARK);
    }
    name
}

fn hashed(hash: &[u8]) -> Name {
    let mut name = String::with_capacity(1 + 2 * HASHED);
    name.push(MARK);
    for byte in &hash[..HASHED] {
        write!(name, "{byte:02x}").expect("a String takes everything");
    }
    Name(name.into())
}

#[cfg(test)]
mod tests;
