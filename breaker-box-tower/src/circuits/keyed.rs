//! A circuit for each key.

use std::fmt;

use breaker_core::{AsKey, CircuitOpenError, Permit, Registry};

use super::Circuits;

/// A circuit for each key that a closure returns for a request: anything that is [`AsKey`], such as
/// a `String` or a [`Key`](breaker_core::Key).
///
/// Missing circuits are created with the registry's default policy. If keys come from your users,
/// limit the registry with [`max_circuits`](breaker_core::RegistryBuilder::max_circuits).
///
/// ```
/// use breaker_box::{Key, Registry};
/// use breaker_box_tower::{Circuits, Keyed};
///
/// struct Query {
///     shard: u32,
/// }
///
/// let registry = Registry::new();
/// let by_shard = Keyed::new(&registry, |query: &Query| Key::new(format!("shard-{}", query.shard)).with_kind("database"));
/// by_shard.admit(&Query { shard: 7 })?.expect("it is guarded").success();
/// assert_eq!(registry.list()[0].key.to_string(), "database/shard-7");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub struct Keyed<F> {
    registry: Registry,
    key: F,
}

impl<F> Keyed<F> {
    /// Takes the circuits from `registry`, by the names that `key` returns.
    pub fn new(registry: &Registry, key: F) -> Self {
        Self { registry: registry.clone(), key }
    }
}

impl<Request, F, K> Circuits<Request> for Keyed<F>
where
    F: Fn(&Request) -> K,
    K: AsKey,
{
    fn admit(&self, request: &Request) -> Result<Option<Permit>, CircuitOpenError> {
        self.registry.try_acquire((self.key)(request)).map(Some)
    }
}

impl<F> fmt::Debug for Keyed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("registry", &self.registry).finish_non_exhaustive()
    }
}
