//! `#[async_trait]`, and other attributes below it.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use breaker_box::{CircuitOpenError, Registry, circuit_breaker};
use tracing::instrument;

use super::RemoteError;
use super::instrument::lines_of;
use crate::support::{finish, now, registry, registry_with_open, send, status, yield_once};

#[async_trait]
trait Store: Sync {
    async fn read(&self, id: u32) -> Result<u32, RemoteError>;

    /// Guarded for each implementation that does not bring its own.
    #[circuit_breaker(identifier = "default", registry = self.registry())]
    async fn write(&self, id: u32) -> Result<u32, RemoteError> {
        Ok(id)
    }

    fn registry(&self) -> &Registry;
}

struct Disk {
    registry: Registry,
    asked: AtomicU32,
}

struct Memory(Registry);

#[async_trait]
impl Store for Disk {
    #[circuit_breaker(identifier = "disk", registry = &self.registry)]
    async fn read(&self, id: u32) -> Result<u32, RemoteError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(id)
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}

#[async_trait]
impl Store for Memory {
    async fn read(&self, id: u32) -> Result<u32, RemoteError> {
        Ok(id)
    }

    async fn write(&self, id: u32) -> Result<u32, RemoteError> {
        Ok(id)
    }

    fn registry(&self) -> &Registry {
        &self.0
    }
}

/// | on a method of an implementation | guarded, and admitted at the first poll, as with `async fn` |
#[test]
fn a_method_of_an_implementation_is_guarded() {
    let disk = Disk { registry: registry(), asked: AtomicU32::new(0) };
    drop(disk.read(5));
    assert!(disk.registry.is_empty(), "a future that was never polled asked");
    assert_eq!(now(disk.read(5)).unwrap(), 5);
    assert_eq!(status(&disk.registry, "disk").totals.successes, 1);

    let disk = Disk { registry: registry_with_open("disk"), asked: AtomicU32::new(0) };
    assert!(matches!(now(disk.read(5)), Err(RemoteError::CircuitOpen(_))));
    assert_eq!(disk.asked.load(Ordering::Relaxed), 0);
}

/// | on a method with a body in the trait | guarded in every implementation that does not override it |
#[test]
fn a_default_method_is_guarded_where_it_is_not_overridden() {
    let disk = Disk { registry: registry(), asked: AtomicU32::new(0) };
    let memory = Memory(registry());
    let stores: [&dyn Store; 2] = [&disk, &memory];
    for store in stores {
        assert_eq!(now(store.write(5)).unwrap(), 5);
    }
    assert_eq!(status(&disk.registry, "default").totals.successes, 1);
    assert!(memory.0.is_empty());
}

/// | `#[async_trait(?Send)]` | the same, for futures that stay on their thread |
#[test]
fn futures_that_are_not_send_are_guarded_too() {
    #[async_trait(?Send)]
    trait Counter {
        async fn count(&self) -> Result<u32, RemoteError>;
    }

    struct Local(Registry, Cell<u32>);

    #[async_trait(?Send)]
    impl Counter for Local {
        #[circuit_breaker(identifier = "local", registry = &self.0)]
        async fn count(&self) -> Result<u32, RemoteError> {
            self.1.set(self.1.get() + 1);
            Ok(self.1.get())
        }
    }

    let local = Local(registry(), Cell::new(0));
    assert_eq!(now(local.count()).unwrap(), 1);
    assert_eq!(status(&local.0, "local").totals.successes, 1);
}

/// | on a method with `#[instrument]` | above and below mean the same as elsewhere |
#[test]
fn spans_nest_as_elsewhere() {
    #[async_trait]
    trait Remote {
        async fn above(&self) -> Result<(), String>;
        async fn below(&self) -> Result<(), String>;
    }

    #[async_trait]
    impl Remote for Memory {
        #[instrument(skip_all, err)]
        #[circuit_breaker(identifier = "call", registry = &self.0)]
        async fn above(&self) -> Result<(), String> {
            yield_once().await;
            tracing::info!(inside = true);
            Err("down".to_owned())
        }

        #[circuit_breaker(identifier = "call", registry = &self.0)]
        #[instrument(skip_all, err)]
        async fn below(&self) -> Result<(), String> {
            yield_once().await;
            tracing::info!(inside = true);
            Err("down".to_owned())
        }
    }

    let failing = Memory(registry());
    assert_eq!(lines_of(|| finish(failing.above()))[..3], ["above", "above: inside", "above: err"]);
    assert_eq!(lines_of(|| finish(failing.above())), [""; 0], "rejected");
    let failing = Memory(registry());
    assert_eq!(lines_of(|| finish(failing.below()))[..2], ["below", "below: inside"]);
    assert_eq!(lines_of(|| finish(failing.below())), ["below", "below: err"], "rejected");
}

#[async_trait]
trait Shelf: Sync {
    type Item: Send;

    async fn read(&self, id: u32) -> Option<Self::Item>;
    async fn list<'a, T: Display + Send + Sync>(&'a self, of: &T) -> Result<Vec<&'a str>, CircuitOpenError>;
    async fn make(registry: &Registry) -> Self
    where
        Self: Sized;
}

struct Above(Registry);
struct Below(Registry);

macro_rules! shelf {
    ($type:ident, $self:ident, $(#[$attribute:meta])*) => {
        $(#[$attribute])*
        impl Shelf for $type {
            type Item = usize;

            async fn read(&$self, id: u32) -> Option<Self::Item> {
                std::future::ready(()).await;
                usize::try_from(id).ok()?.checked_add($self.0.len())
            }

            async fn list<'a, T: Display + Send + Sync>(&'a $self, of: &T) -> Result<Vec<&'a str>, CircuitOpenError> {
                Ok(if of.to_string().is_empty() { Vec::new() } else { vec!["all"] })
            }

            async fn make(registry: &Registry) -> Self {
                Self(registry.clone())
            }
        }
    };
}

shelf!(Above, self, #[circuit_breaker(identifier = "{fn}", registry = &self.0)] #[async_trait]);
shelf!(Below, self, #[async_trait] #[circuit_breaker(identifier = "{fn}", registry = &self.0)]);

fn check_shelf<S: Shelf<Item = usize>>(registry: &Registry) {
    let shelf = now(send(S::make(registry)));
    drop(shelf.read(5));
    assert!(registry.is_empty(), "admitted at the first poll");
    assert_eq!((now(shelf.read(5)), now(shelf.list(&5)).unwrap()), (Some(6), vec!["all"]));
    for identifier in ["list", "read"] {
        assert_eq!(status(registry, identifier).totals.successes, 1, "{identifier}");
    }
    assert_eq!(registry.len(), 2);
    registry.force_open("read").unwrap();
    assert_eq!(now(send(shelf.read(5))), None);
}

/// | on an `impl` block, above or below `#[async_trait]` | every function with a receiver is guarded, as if it were annotated itself |
#[test]
fn a_block_is_guarded_in_both_orders() {
    check_shelf::<Above>(&registry());
    check_shelf::<Below>(&registry());
}
