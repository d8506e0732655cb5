//! Neutral wires: where items go while their circuit is open. The item that opened it goes there
//! too. An item that no wire takes is handed back to its sender.

mod drop_guard;
mod error;
mod neutral;
mod processor;
mod submit;

use std::fmt;

pub use error::{Submitted, WireError};
pub use neutral::{NeutralWire, Room};
pub use processor::{AsyncProcessor, SyncProcessor};

use crate::breaker::CircuitBreaker;
use crate::event::{EventKind, EventType};
use drop_guard::DropGuard;

/// Which neutral wires get a diverted item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Routing {
    /// The first wire that accepts it, in the order in which they were connected. The default.
    #[default]
    First,
    /// All wires; each gets a clone. The item counts as diverted if at least one accepts it.
    Broadcast,
}

/// A processor guarded by a breaker, with neutral wires that take items while the circuit is open.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::sync::mpsc;
/// use breaker_box::{CircuitBreaker, Policy, Submitted, Wire, WireError};
///
/// let breaker = CircuitBreaker::new("mailer", Policy::consecutive_failures(1))?;
/// let (later, queue) = mpsc::channel();
/// let wire = Wire::new(breaker, |address: &String| {
///     if address.contains('@') { Ok(address.len()) } else { Err("no address") }
/// })
/// .neutral(later);
///
/// assert!(matches!(wire.submit("a@b".to_owned()), Ok(Submitted::Processed(3))));
/// // The item that opens the circuit is diverted with its error, and so are the items that follow.
/// assert!(matches!(wire.submit("nobody".to_owned()), Ok(Submitted::Diverted { wire: 0, error: Some("no address") })));
/// assert!(matches!(wire.submit("c@d".to_owned()), Ok(Submitted::Diverted { wire: 0, error: None })));
/// assert_eq!(queue.try_iter().collect::<Vec<_>>(), ["nobody", "c@d"]);
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
pub struct Wire<T, P> {
    breaker: CircuitBreaker,
    processor: P,
    neutrals: Vec<Box<dyn NeutralWire<T>>>,
    /// Clones an item. Only set for broadcasting.
    clone: Option<fn(&T) -> T>,
}

impl<T, P> Wire<T, SyncProcessor<P>> {
    /// Creates a wire with a processor that is called on the submitting thread. `Err` counts as a
    /// failure.
    pub fn new<R, E>(breaker: CircuitBreaker, processor: P) -> Self
    where
        P: Fn(&T) -> Result<R, E>,
    {
        Self::with_processor(breaker, SyncProcessor(processor))
    }
}

impl<T, P> Wire<T, AsyncProcessor<P>> {
    /// Creates a wire with an asynchronous processor, for [`submit_async`](Self::submit_async).
    pub fn new_async<R, E>(breaker: CircuitBreaker, processor: P) -> Self
    where
        P: AsyncFn(&T) -> Result<R, E>,
    {
        Self::with_processor(breaker, AsyncProcessor(processor))
    }
}

impl<T, P> Wire<T, P> {
    const fn with_processor(breaker: CircuitBreaker, processor: P) -> Self {
        Self { breaker, processor, neutrals: Vec::new(), clone: None }
    }

    /// Connects a neutral wire after those that are already connected. It is a `std::sync::mpsc`
    /// sender, a `tokio::sync::mpsc` sender (feature `tokio`), or a closure
    /// `Fn(T) -> Result<(), T>` that hands back an item that it does not take.
    #[must_use]
    pub fn neutral(mut self, wire: impl NeutralWire<T> + 'static) -> Self {
        self.neutrals.push(Box::new(wire));
        self
    }

    /// Sets which neutral wires get an item. [`Routing::First`] by default.
    #[must_use]
    pub fn routing(mut self, routing: Routing) -> Self
    where
        T: Clone,
    {
        self.clone = match routing {
            Routing::First => None,
            Routing::Broadcast => Some(T::clone),
        };
        self
    }

    /// Returns the breaker that guards the processor.
    #[must_use]
    pub const fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// Returns a guard that reports the item being submitted as lost, unless it is disarmed.
    fn drop_guard(&self) -> DropGuard<'_> {
        DropGuard::new(self.breaker.circuit())
    }

    /// Offers an item to the neutral wires, without waiting. Returns the first wire that took it,
    /// or the item.
    fn divert(&self, item: T, guard: &mut DropGuard<'_>) -> Result<usize, T> {
        match self.clone {
            None => self.offer_first(item, guard),
            Some(clone) => self.offer_all(item, clone, guard),
        }
    }

    fn offer_first(&self, mut item: T, guard: &mut DropGuard<'_>) -> Result<usize, T> {
        for (index, wire) in self.neutrals.iter().enumerate() {
            match wire.offer(item) {
                Ok(()) => {
                    self.announce_diverted(index, guard);
                    return Ok(index);
                }
                Err(back) => item = back,
            }
        }
        Err(item)
    }

    fn offer_all(&self, item: T, clone: fn(&T) -> T, guard: &mut DropGuard<'_>) -> Result<usize, T> {
        let mut first = None;
        for (index, wire) in self.neutrals.iter().enumerate() {
            if wire.offer(clone(&item)).is_ok() {
                self.announce_diverted(index, guard);
                first = first.or(Some(index));
            }
        }
        first.ok_or(item)
    }

    fn announce_diverted(&self, wire: usize, guard: &mut DropGuard<'_>) {
        // Also if a later wire panics.
        guard.disarm();
        self.breaker.circuit().emit(EventType::Diverted, || EventKind::Diverted { wire });
    }
}

impl<T, P> fmt::Debug for Wire<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("breaker", &self.breaker)
            .field("neutrals", &self.neutrals.len())
            .finish_non_exhaustive()
    }
}
