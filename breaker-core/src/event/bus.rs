//! The meeting place of a registry's circuits and their watchers.
//!
//! A circuit puts each event into the lane of every watcher that wants it while it still holds its
//! own lock, so that the order of the events is the order of its changes. A receiver has the event
//! then. Handlers are called after that lock is gone; see [`delivery`](super::delivery).

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::SystemTime;

use super::delivery::Thread;
use super::lane::Put;
use super::watcher::{Outlet, Watcher};
use super::{Event, EventKind, EventType};
use crate::key::Key;
use crate::primitive::{AtomicU32, AtomicU64, Mutex, Ordering};

/// The watchers that the circuits of a registry share.
#[derive(Default)]
pub(crate) struct EventBus {
    /// The kinds of events that anybody wants, below [`VERSION_SHIFT`]; none, and an event costs
    /// this one load. Above it, how often the list of the watchers has changed.
    wanted: AtomicU64,
    /// 1 while [`deliver`](Self::deliver) has something to do; written under the lock of the desk.
    pub(super) pending: AtomicU32,
    pub(super) desk: Mutex<Desk>,
}

/// What an [`EventBus`] is a part of. Watchers refer to it weakly, as to the whole.
pub(crate) type BusOwner = dyn AsRef<EventBus> + Send + Sync;

/// The kinds of events that anybody wants of one circuit, as of a version of the list: as in
/// [`EventBus::wanted`]. So an event that no filter lets pass is not even made.
#[derive(Debug, Default)]
pub(crate) struct Interest(AtomicU64);

const VERSION_SHIFT: u32 = 32;

/// Who watches, and what is to be done once the locks of the circuits are gone. No code of a user
/// runs under its lock: watchers and wakers are moved out before they are called or dropped.
#[derive(Default)]
pub(super) struct Desk {
    /// The number of the last event.
    pub(super) sequence: u64,
    watchers: Vec<Arc<Watcher>>,
    /// Handlers with events that wait, and that no thread is delivering to.
    pub(super) ready: VecDeque<Arc<Watcher>>,
    /// The tasks to wake, because their receivers have got something.
    pub(super) wakers: Vec<Waker>,
    /// Lanes that have begun to lose events since this was last logged.
    pub(super) overflowed: u32,
    /// The threads that are about to deliver, or at it.
    pub(super) threads: Vec<Thread>,
}

impl EventBus {
    /// Whether anybody wants this kind of event.
    #[inline]
    pub(crate) fn wants(&self, kind: EventType) -> bool {
        // Relaxed: a subscription made at the same moment may miss this event or not; either is
        // right.
        self.wanted.load(Ordering::Relaxed) & u64::from(kind.bit()) != 0
    }

    /// Whether anybody wants this kind of event of this circuit; asked where [`wants`](Self::wants)
    /// says that somebody does.
    #[inline]
    pub(crate) fn wants_of(&self, key: &Key, interest: &Interest, kind: EventType) -> bool {
        self.interest(key, interest) & u64::from(kind.bit()) != 0
    }

    #[inline(never)]
    fn interest(&self, key: &Key, interest: &Interest) -> u64 {
        // Relaxed, both: as `wants`; the version goes with the kinds in one number.
        let known = interest.0.load(Ordering::Relaxed);
        if known >> VERSION_SHIFT == self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT {
            return known;
        }
        let desk = self.desk.lock();
        let version = self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT << VERSION_SHIFT;
        let wanted = kinds(desk.watchers.iter().filter(|watcher| watcher.filter.matches_circuit(key)));
        interest.0.store(version | wanted, Ordering::Relaxed);
        version | wanted
    }

    /// Puts an event into the lanes of those who want it. May be called under a circuit's lock;
    /// [`deliver`](Self::deliver) must follow once that is gone.
    pub(crate) fn push(&self, key: &Key, at: SystemTime, kind: EventKind) {
        // Shared by the lanes, and made before the lock is taken.
        let event = Arc::new(Event { key: key.clone(), at, sequence: 0, kind });
        let mut desk = self.desk.lock();
        desk.put(event);
        self.note_pending(&desk);
    }

    /// Lets [`deliver`](Self::deliver) know whether there is anything to do. Under the lock of the
    /// desk.
    pub(super) fn note_pending(&self, desk: &Desk) {
        // Relaxed: see `deliver`.
        self.pending.store(desk.is_pending().into(), Ordering::Relaxed);
    }

    pub(super) fn add(&self, watcher: Arc<Watcher>) {
        let mut desk = self.desk.lock();
        desk.watchers.push(watcher);
        self.note_wanted(&desk);
    }

    /// Ends a watcher: nothing that comes from now on goes to it, and what waits for it is
    /// forgotten. The caller drops the handler, unless it is running.
    pub(super) fn remove(&self, watcher: &Arc<Watcher>) {
        let mut desk = self.desk.lock();
        desk.watchers.retain(|other| !Arc::ptr_eq(other, watcher));
        desk.ready.retain(|other| !Arc::ptr_eq(other, watcher));
        let forgotten = watcher.end();
        self.note_wanted(&desk);
        self.note_pending(&desk);
        drop(desk);
        drop(forgotten);
    }

    fn note_wanted(&self, desk: &Desk) {
        let wanted = kinds(&desk.watchers);
        // Relaxed, both: see `wants`; all changes happen under the lock of the desk.
        let version = (self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT).wrapping_add(1) << VERSION_SHIFT;
        self.wanted.store(version | wanted, Ordering::Relaxed);
    }
}

impl Desk {
    /// Gives the event its number and puts it into the lanes of those who want it.
    fn put(&mut self, mut event: Arc<Event>) {
        let sequence = self.sequence + 1;
        Arc::make_mut(&mut event).sequence = sequence;
        let mut for_handlers = false;
        for watcher in self.watchers.iter().filter(|watcher| watcher.filter.matches(&event)) {
            self.sequence = sequence;
            match &watcher.outlet {
                Outlet::Receiver(sender) => self.wakers.extend(sender.send(&event)),
                Outlet::Handler(handler) => {
                    for_handlers = true;
                    match handler.lane.put(&event) {
                        Put::Ready => self.ready.push_back(Arc::clone(watcher)),
                        Put::Overflows => self.overflowed += 1,
                        Put::Done => {}
                    }
                }
            }
        }
        if for_handlers {
            self.note_pushed();
        }
    }

    fn is_pending(&self) -> bool {
        !self.ready.is_empty() || !self.wakers.is_empty() || self.overflowed > 0 || self.somebody_comes()
    }
}

/// The kinds of events that these want together.
fn kinds<'a>(watchers: impl IntoIterator<Item = &'a Arc<Watcher>>) -> u64 {
    watchers.into_iter().fold(0, |bits, watcher| bits | watcher.filter.event_bits()).into()
}

impl std::fmt::Debug for EventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventBus").finish_non_exhaustive()
    }
}
