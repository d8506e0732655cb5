//! Neutral wires: where work goes while its circuit is open, and with the item that opened it. The
//! idea is Electrician's; unlike there, an item that no wire takes comes back to its sender.

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

/// Which neutral wires get an item that is diverted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Routing {
    /// The first that accepts it, in the order in which they were connected. The default.
    #[default]
    First,
    /// All of them, each a clone. It is diverted if at least one accepts.
    Broadcast,
}

/// A processor behind a breaker, with neutral wires to divert to.
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
/// // The item that opens the circuit is diverted with its error, and so is what comes while it is open.
/// assert!(matches!(wire.submit("nobody".to_owned()), Ok(Submitted::Diverted { wire: 0, error: Some("no address") })));
/// assert!(matches!(wire.submit("c@d".to_owned()), Ok(Submitted::Diverted { wire: 0, error: None })));
/// assert_eq!(queue.try_iter().collect::<Vec<_>>(), ["nobody", "c@d"]);
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
pub struct Wire<T, P> {
    breaker: CircuitBreaker,
    processor: P,
    neutrals: Vec<Box<dyn NeutralWire<T>>>,
    /// How to clone an item; only broadcasting asks for it.
    clone: Option<fn(&T) -> T>,
}

impl<T, P> Wire<T, SyncProcessor<P>> {
    /// A wire with a processor that is called on the submitting thread. `Err` is a failure of the
    /// circuit.
    pub fn new<R, E>(breaker: CircuitBreaker, processor: P) -> Self
    where
        P: Fn(&T) -> Result<R, E>,
    {
        Self::with_processor(breaker, SyncProcessor(processor))
    }
}

impl<T, P> Wire<T, AsyncProcessor<P>> {
    /// A wire with an asynchronous processor, for [`submit_async`](Self::submit_async).
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

    /// Connects a neutral wire after those that are connected already: a `std::sync::mpsc` or
    /// (feature `tokio`) `tokio::sync::mpsc` sender, or a closure `Fn(T) -> Result<(), T>` that
    /// hands back what it does not take.
    #[must_use]
    pub fn neutral(mut self, wire: impl NeutralWire<T> + 'static) -> Self {
        self.neutrals.push(Box::new(wire));
        self
    }

    /// Says which neutral wires get an item. [`Routing::First`] by default.
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

    /// The breaker that guards the processor.
    #[must_use]
    pub const fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// Reports the loss of an item that is submitted now.
    fn drop_guard(&self) -> DropGuard<'_> {
        DropGuard::new(self.breaker.circuit())
    }

    /// Offers an item to the neutral wires, without waiting: the first that took it, or the item.
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
        // Also where another wire, which is asked after this one, panics.
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
