//! Which circuits are shared, and under which names.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breaker_core::{Key, KeyRef};

use crate::names::{self, Named, Names};
use crate::protocol::Name;

type Only = Box<dyn Fn(KeyRef<'_>) -> bool + Send + Sync>;

/// A name can be turned back into its key unless it is a hash. The keys of hashes are kept here as
/// long as their circuits are in the registry.
pub(crate) struct Circuits {
    names: Arc<Names>,
    only: Option<Only>,
    hashed: Mutex<HashMap<Name, Arc<Key>>>,
}

impl Circuits {
    pub(crate) fn new(names: Names, only: Option<Only>) -> Self {
        Self { names: Arc::new(names), only, hashed: Mutex::default() }
    }

    pub(crate) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Whether a circuit is shared. Runs user code.
    pub(crate) fn shares(&self, key: KeyRef<'_>) -> bool {
        let Some(only) = &self.only else { return true };
        catch_unwind(AssertUnwindSafe(|| only(key))).unwrap_or(false)
    }

    /// The name of a circuit that is being made, or is there already.
    pub(crate) fn made(&self, key: KeyRef<'_>) -> Named {
        let named = self.names.name(key);
        if names::key(&named.name.0).is_none() {
            self.hashed().insert(named.name.clone(), Arc::new(key.to_key()));
        }
        named
    }

    /// A circuit has left the registry.
    pub(crate) fn forget(&self, key: KeyRef<'_>) {
        let mut hashed = self.hashed();
        if !hashed.is_empty() {
            hashed.remove(&self.names.name(key).name);
        }
    }

    /// The key of a name; `None` for a hash of a circuit that is not in the registry.
    pub(crate) fn key(&self, name: &Name) -> Option<Arc<Key>> {
        names::key(&name.0).map(Arc::new).or_else(|| self.hashed().get(name).cloned())
    }

    fn hashed(&self) -> MutexGuard<'_, HashMap<Name, Arc<Key>>> {
        // Nothing panics while it is held.
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use breaker_core::AsKey as _;

    use super::*;

    #[test]
    fn a_circuit_for_which_the_filter_panics_is_not_shared() {
        let only = |key: KeyRef<'_>| {
            assert_ne!(key.identifier(), "panics");
            key.scope() == Some("payments")
        };
        let circuits = Circuits::new(Names::readable(), Some(Box::new(only)));
        let key = |identifier| Key::new(identifier).with_scope("payments");
        assert!(circuits.shares(key("shared").as_key()));
        assert!(!circuits.shares("shared".as_key()));
        assert!(!circuits.shares(key("panics").as_key()));
    }

    #[test]
    fn keys_of_hashes_are_kept_as_long_as_their_circuits_exist() {
        let circuits = Circuits::new(Names::secret(b"hush"), None);
        let key = Key::new("api").with_scope("payments");
        let name = circuits.made(key.as_key()).name;
        assert_eq!(circuits.key(&name).as_deref(), Some(&key));
        circuits.forget(key.as_key());
        assert_eq!(circuits.key(&name), None);
    }

    #[test]
    fn keys_of_readable_names_need_not_be_kept() {
        let circuits = Circuits::new(Names::readable(), None);
        let key = Key::new("api").with_scope("payments");
        let name = circuits.made(key.as_key()).name;
        assert!(circuits.hashed().is_empty());
        assert_eq!(circuits.key(&name).as_deref(), Some(&key));
    }
}
