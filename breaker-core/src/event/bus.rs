//! The bus between a registry's circuits and their watchers.
//!
//! A circuit pushes each event into the queue of every watcher that wants it while it still holds
//! its own lock, so events have the order of the circuit's changes. A receiver has the event from
//! then on. Handlers are called after that lock is released; see [`delivery`](super::delivery).

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::dispatcher::Dispatcher;
use super::watcher::Watcher;
use super::{Event, EventKind, EventType};
use crate::key::Key;
use crate::primitive::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};

/// The watchers that the circuits of a registry share.
#[derive(Default)]
pub(crate) struct EventBus {
    /// Below [`VERSION_SHIFT`]: the types of events that any watcher wants. Without watchers, an
    /// event costs only this load. Above it: how often the list of watchers has changed.
    wanted: AtomicU64,
    /// 1 while [`deliver`](Self::deliver) has something to do. Written under the dispatcher's lock.
    pending: AtomicU32,
    dispatcher: Mutex<Dispatcher>,
}

/// The owner of an [`EventBus`]. Watchers hold a weak reference to it as a whole.
pub(crate) type BusOwner = dyn AsRef<EventBus> + Send + Sync;

/// The types of events that any watcher wants of one circuit, with the version of the list that
/// they were computed from, as in [`EventBus::wanted`]. An event that no filter passes is not even
/// created.
#[derive(Debug, Default)]
pub(crate) struct Interest(AtomicU64);

const VERSION_SHIFT: u32 = 32;

impl EventBus {
    /// Whether any watcher wants events of this type.
    #[inline]
    pub(crate) fn wants(&self, kind: EventType) -> bool {
        // Relaxed: a subscription made at the same moment may get this event or miss it.
        self.wanted.load(Ordering::Relaxed) & u64::from(kind.bit()) != 0
    }

    /// Whether any watcher wants events of this type of this circuit. Only asked where
    /// [`wants`](Self::wants) holds.
    #[inline]
    pub(crate) fn wants_of(&self, key: &Key, interest: &Interest, kind: EventType) -> bool {
        self.interest(key, interest) & u64::from(kind.bit()) != 0
    }

    #[inline(never)]
    fn interest(&self, key: &Key, interest: &Interest) -> u64 {
        // Relaxed, both: as in `wants`; the version and the types are one number.
        let known = interest.0.load(Ordering::Relaxed);
        if known >> VERSION_SHIFT == self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT {
            return known;
        }
        let dispatcher = self.dispatcher.lock();
        // Relaxed, both: the list only changes under this lock.
        let version = self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT << VERSION_SHIFT;
        let wanted = types(dispatcher.watchers().filter(|watcher| watcher.filter.matches_circuit(key)));
        interest.0.store(version | wanted, Ordering::Relaxed);
        version | wanted
    }

    /// Queues an event for every watcher that wants it. May be called under a circuit's lock;
    /// [`deliver`](Self::deliver) must follow once that lock is released.
    pub(crate) fn push(&self, key: &Key, at: SystemTime, kind: EventKind) {
        // Shared by the queues, and allocated before the lock is taken.
        let event = Arc::new(Event { key: key.clone(), at, sequence: 0, kind });
        self.with_dispatcher(|dispatcher| dispatcher.push(event));
    }

    /// Whether [`deliver`](Self::deliver) has something to do.
    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        // Relaxed: a thread sees at least what it pushed itself, and one that pushed nothing has
        // nothing to deliver.
        self.pending.load(Ordering::Relaxed) != 0
    }

    /// Works under the dispatcher's lock, and notes whether there is something to deliver then.
    pub(super) fn with_dispatcher<R>(&self, work: impl FnOnce(&mut Dispatcher) -> R) -> R {
        let mut dispatcher = self.dispatcher.lock();
        let result = work(&mut dispatcher);
        self.note_pending(&dispatcher);
        result
    }

    fn note_pending(&self, dispatcher: &MutexGuard<'_, Dispatcher>) {
        // Relaxed: see `is_pending`; written under the lock, as the guard shows.
        self.pending.store(dispatcher.is_pending().into(), Ordering::Relaxed);
    }

    fn note_wanted(&self, dispatcher: &MutexGuard<'_, Dispatcher>) {
        let wanted = types(dispatcher.watchers());
        // Relaxed, both: see `wants`; changed under the lock only, as the guard shows.
        let version = (self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT).wrapping_add(1) << VERSION_SHIFT;
        self.wanted.store(version | wanted, Ordering::Relaxed);
    }

    pub(super) fn add(&self, watcher: Arc<Watcher>) {
        let mut dispatcher = self.dispatcher.lock();
        dispatcher.add(watcher);
        self.note_wanted(&dispatcher);
    }

    /// Ends a watcher: it gets no more events, and those that wait for it are dropped. Its handler
    /// is dropped by the caller, unless it is running.
    pub(super) fn remove(&self, watcher: &Arc<Watcher>) {
        let mut dispatcher = self.dispatcher.lock();
        let waiting = dispatcher.remove(watcher);
        self.note_wanted(&dispatcher);
        self.note_pending(&dispatcher);
        // Freed after the lock is released.
        drop(dispatcher);
        drop(waiting);
    }
}

/// The types of events that these watchers want.
fn types<'a>(watchers: impl IntoIterator<Item = &'a Arc<Watcher>>) -> u64 {
    watchers.into_iter().fold(0, |bits, watcher| bits | watcher.filter.event_bits()).into()
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus").finish_non_exhaustive()
    }
}
