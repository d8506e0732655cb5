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
