//! The meeting place of a registry's circuits and their watchers: a queue, and one thread at a time that empties it.
//!
//! A circuit puts its events into the queue while it still holds its own lock, so that their order is the order of its changes.
//! Delivery happens after that lock is gone, by whoever caused the event, unless another thread is delivering already: then that
//! one takes it along. So handlers run outside every lock, one at a time, and may call anything.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::filter::Filter;
use super::{Event, EventKind, EventType};
use crate::clock::Clock;
use crate::key::Key;
use crate::log;
use crate::primitive::{AtomicU32, AtomicU64, Mutex, Ordering, yield_now};

/// What a watcher wants to see, and what it does then.
pub(super) struct Subscriber {
    pub(super) filter: Filter,
    pub(super) handler: Box<dyn Fn(&Event) + Send + Sync>,
    /// The last event from before it came: those up to it may still wait to be delivered to others.
    pub(super) since: u64,
    /// 1 once it is over: an event on its way is no longer delivered.
    pub(super) ended: AtomicU32,
}

/// The clock and the watchers that the circuits of a registry share.
pub(crate) struct Hub {
    clock: Clock,
    /// The kinds of events that anybody wants, below [`VERSION_SHIFT`]; none, and an event costs this one load. Above it, how often
    /// the list of the subscribers has changed.
    wanted: AtomicU64,
    subscribers: Mutex<Arc<[Arc<Subscriber>]>>,
    queue: Mutex<Queue>,
}

/// The kinds of events that anybody wants of one circuit, as of a version of the list: as in [`Hub::wanted`]. So an event that no
/// filter lets pass is not even made.
#[derive(Debug, Default)]
pub(crate) struct Interest(AtomicU64);

const VERSION_SHIFT: u32 = 32;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    sequence: u64,
    delivering: bool,
    /// Events that found the queue full since this was last logged.
    lost: u64,
}

/// What waits at the most while a handler takes its time: a handler that never returns costs events, not memory.
const WAITING: usize = 65_536;

impl Hub {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            wanted: AtomicU64::new(0),
            subscribers: Mutex::new(Arc::new([])),
            queue: Mutex::new(Queue::default()),
        })
    }

    #[inline]
    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether anybody wants this kind of event.
    #[inline]
    pub(crate) fn wants(&self, kind: EventType) -> bool {
        // Relaxed: a subscription made at the same moment may miss this event or not; either is right.
        self.wanted.load(Ordering::Relaxed) & u64::from(kind.bit()) != 0
    }

    /// Whether anybody wants this kind of event of this circuit; asked where [`wants`](Self::wants) says that somebody does.
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
        let subscribers = self.subscribers.lock();
        let version = self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT << VERSION_SHIFT;
        let wanted = kinds(subscribers.iter().filter(|subscriber| subscriber.filter.matches_circuit(key)));
        interest.0.store(version | wanted, Ordering::Relaxed);
        version | wanted
    }

    /// Puts an event into the queue if anybody wants it. May be called under a circuit's lock; [`deliver`](Self::deliver) must
    /// follow once that is gone.
    pub(crate) fn push(&self, key: &Key, kind: EventKind) {
        if !self.wants(kind.event_type()) {
            return;
        }
        let at = self.clock.calendar(self.clock.now());
        let mut queue = self.queue.lock();
        if queue.waiting.len() >= WAITING {
            queue.lost += 1;
            return;
        }
        queue.sequence += 1;
        let sequence = queue.sequence;
        queue.waiting.push_back(Event { key: key.clone(), at, sequence, kind });
    }

    /// Pushes and delivers one event.
    #[inline]
    pub(crate) fn emit(&self, key: &Key, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.wants(kind) {
            self.push(key, event());
            self.deliver();
        }
    }

    /// Hands out what waits, unless somebody is at it already.
    ///
    /// A turn ends with the events that waited when it began. What came meanwhile is left to whoever caused it, if they are still
    /// at it, so that one caller does not deliver for all the others as long as there is load; else there is another turn.
    pub(crate) fn deliver(&self) {
        // Relaxed: who has pushed sees its own push under the lock; who has not loses nothing.
        if self.wanted.load(Ordering::Relaxed) & u64::from(u32::MAX) == 0 {
            return;
        }
        while let Some(turn) = Turn::begin(self) {
            while let Some(event) = turn.next() {
                self.hand_out(&event);
            }
            drop(turn);
            yield_now();
        }
    }

    /// Calls the handlers. Whatever they, or the drop of one that has ended, do: no panic leaves here.
    fn hand_out(&self, event: &Event) {
        let subscribers = Arc::clone(&self.subscribers.lock());
        for subscriber in subscribers.iter() {
            // Relaxed: an unsubscribe that comes while the event is under way need not be seen.
            let is_over = subscriber.ended.load(Ordering::Relaxed) != 0;
            if !is_over && event.sequence > subscriber.since && subscriber.filter.matches(event) {
                contained(|| (subscriber.handler)(event), || log::handler_panicked(&event.key));
            }
        }
        // The last reference to a handler that ended meanwhile may go here.
        contained(|| drop(subscribers), || log::handler_panicked(&event.key));
    }

    /// The number of the last event.
    pub(super) fn sequence(&self) -> u64 {
        self.queue.lock().sequence
    }

    pub(super) fn add(&self, subscriber: Arc<Subscriber>) {
        self.change_subscribers(|list| list.push(subscriber));
    }

    pub(super) fn remove(&self, subscriber: &Arc<Subscriber>) {
        // Relaxed: see `deliver`.
        subscriber.ended.store(1, Ordering::Relaxed);
        self.change_subscribers(|list| list.retain(|other| !Arc::ptr_eq(other, subscriber)));
    }

    fn change_subscribers(&self, change: impl FnOnce(&mut Vec<Arc<Subscriber>>)) {
        let mut current = self.subscribers.lock();
        let mut list = current.to_vec();
        change(&mut list);
        let wanted = kinds(&list);
        let before = std::mem::replace(&mut *current, list.into());
        // Relaxed, both: see `wants`; all changes happen under this lock.
        let version = (self.wanted.load(Ordering::Relaxed) >> VERSION_SHIFT).wrapping_add(1) << VERSION_SHIFT;
        self.wanted.store(version | wanted, Ordering::Relaxed);
        // Nobody may be left to hand them to; who subscribes next wants what happens from then on, and waits for this lock, so that
        // nothing of that is thrown away.
        let forgotten = (wanted == 0).then(|| std::mem::take(&mut self.queue.lock().waiting));
        drop(current);
        drop(forgotten);
        // Outside the lock: with the last reference goes the handler, whose drop is code of the user.
        drop(before);
    }
}

/// The kinds of events that these want together.
fn kinds<'a>(subscribers: impl IntoIterator<Item = &'a Arc<Subscriber>>) -> u64 {
    subscribers.into_iter().fold(0, |bits, subscriber| bits | subscriber.filter.kind_bits()).into()
}

/// The right to deliver, which one thread has at a time; given back when it is dropped, also by a panic.
struct Turn<'a> {
    hub: &'a Hub,
    /// The last event of this turn.
    until: u64,
}

impl<'a> Turn<'a> {
    /// Begins a turn if events wait and nobody is at it.
    fn begin(hub: &'a Hub) -> Option<Self> {
        let mut queue = hub.queue.lock();
        if queue.delivering || queue.waiting.is_empty() {
            return None;
        }
        queue.delivering = true;
        let until = queue.sequence;
        let lost = std::mem::take(&mut queue.lost);
        drop(queue);
        if lost > 0 {
            log::events_lost(lost);
        }
        Some(Self { hub, until })
    }

    fn next(&self) -> Option<Event> {
        let waiting = &mut self.hub.queue.lock().waiting;
        let is_due = waiting.front().is_some_and(|event| event.sequence <= self.until);
        if is_due { waiting.pop_front() } else { None }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.hub.queue.lock().delivering = false;
    }
}

/// Runs code of the user and keeps its panic in, also one that its payload causes when it is dropped.
fn contained(work: impl FnOnce(), on_panic: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            std::mem::forget(payload);
        }
        on_panic();
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hub").field("clock", &self.clock).finish_non_exhaustive()
    }
}
