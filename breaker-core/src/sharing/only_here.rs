//! Orders that stay in this instance.

use std::cell::Cell;

use crate::primitive::thread_local;

thread_local! {
    // How many calls of `only_here` this thread is in. Const-initialized and without a destructor,
    // so it exists until the thread has ended.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`. Orders that this thread gives in the meantime, such as
/// [`force_open`](crate::CircuitBreaker::force_open), are marked as meant for this instance only
/// ([`Change::only_here`](crate::fleet::Change::only_here)), and a fleet does not spread them.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Policy, Registry, State, fleet};
///
/// let registry = Registry::new();
/// registry.register("payment_api", Policy::new())?;
/// fleet::only_here(|| registry.force_open("payment_api"))?;
/// assert_eq!(registry.state("payment_api"), State::ForcedOpen);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn only_here<R>(work: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    work()
}

/// Whether this thread is inside [`only_here`].
pub(crate) fn is_only_here() -> bool {
    DEPTH.with(Cell::get) > 0
}

/// Leaves again even if the work panics.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
