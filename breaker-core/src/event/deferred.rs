//! Work whose events other threads deliver.

use std::cell::Cell;

use crate::primitive::thread_local;

thread_local! {
    // How many calls of `defer_events` this thread is in. Const-initialized and without a
    // destructor, so it exists until the thread has ended.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`, and leaves the events that it causes to other threads: no event handler of a
/// subscription runs on this thread in the meantime, so none can delay it.
///
/// The handlers are called by the next thread that causes an event in the registry, or by
/// [`deliver_events`](crate::fleet::deliver_events), which must follow on another thread: without
/// it the events may wait for long. Receivers get their events at once, but tasks that await them
/// are woken by that thread too.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::sync::Arc;
/// use std::thread;
/// use breaker_box::fleet::{self, Peer, Shared};
/// use breaker_box::{Filter, Policy, Registry, State};
///
/// struct Nobody;
/// impl Peer for Nobody {
///     fn changed(&self, _: &breaker_box::CircuitBreaker, _: &fleet::Change) {}
/// }
///
/// let registry = Registry::new();
/// let breaker = registry.register("payment_api", Policy::new())?;
/// let here = thread::current().id();
/// let _watching = registry.subscribe(Filter::all(), move |_| assert_ne!(thread::current().id(), here));
/// let membership = registry.join(Arc::new(Nobody))?;
///
/// fleet::defer_events(|| membership.adopt(&breaker, None, &Shared::new(State::ForcedOpen)));
/// assert_eq!(breaker.state(), State::ForcedOpen);
/// thread::spawn(move || fleet::deliver_events(&registry)).join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn defer_events<R>(work: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    work()
}

/// Whether this thread is inside [`defer_events`].
pub(super) fn is_deferred() -> bool {
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
