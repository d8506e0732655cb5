//! The one listener of a registry, through which its circuits reach a fleet.

use std::any::Any;
use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::key::{Key, KeyRef};
use crate::primitive::{AtomicU32, Mutex, Ordering};
use crate::sharing::{Note, Shared};

/// Hears of the changes of a registry's circuits, and knows the states in which new ones begin.
pub(crate) trait Listener: Send + Sync {
    /// The state in which a circuit begins. The registrar's lock is held.
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared>;

    /// Queues what a circuit says. Its lock is held, so that the order is that of the circuit;
    /// [`deliver`](Self::deliver) must follow once the lock is released. `address` is that of the
    /// circuit, which may have left its registry.
    fn queue(&self, key: &Key, address: usize, notes: Vec<Note>);

    /// Delivers what is queued, unless another thread does.
    fn deliver(&self);

    /// The listener as what it is.
    fn as_any(&self) -> &dyn Any;
}

/// The place of the one listener.
#[derive(Default)]
pub(crate) struct ListenerSlot {
    /// 1 while there is a listener. Without one, a change costs only this load.
    is_taken: AtomicU32,
    listener: Mutex<Option<Arc<dyn Listener>>>,
}

impl ListenerSlot {
    /// Whether there is a listener.
    #[inline]
    pub(crate) fn is_taken(&self) -> bool {
        // Relaxed: a change made while a listener joins may be missed. A listener that looks at a
        // circuit takes the circuit's lock, and changes after that see the listener.
        self.is_taken.load(Ordering::Relaxed) != 0
    }

    /// The listener, if there is one.
    pub(crate) fn get(&self) -> Option<Arc<dyn Listener>> {
        if self.is_taken() { self.listener.lock().clone() } else { None }
    }

    /// Puts a listener into the slot. False if there is one already.
    pub(crate) fn put(&self, listener: Arc<dyn Listener>) -> bool {
        let mut place = self.listener.lock();
        let is_free = place.is_none();
        if is_free {
            *place = Some(listener);
            // Relaxed: see `is_taken`.
            self.is_taken.store(1, Ordering::Relaxed);
        }
        is_free
    }

    /// Empties the slot. The caller drops the listener, which may run a user's code.
    pub(crate) fn clear(&self) -> Option<Arc<dyn Listener>> {
        let mut place = self.listener.lock();
        // Relaxed: see `is_taken`.
        self.is_taken.store(0, Ordering::Relaxed);
        mem::take(&mut *place)
    }
}

impl fmt::Debug for ListenerSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerSlot").field("is_taken", &self.is_taken()).finish_non_exhaustive()
    }
}
