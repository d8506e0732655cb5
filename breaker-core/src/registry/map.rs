//! The map of the circuits. It can also be used from thread-local destructors.
//!
//! Reading the map pins it with a thread-local of `papaya`, which cannot be used once it is
//! destroyed. Destructors run in the reverse order of registration, so a thread-local of ours that
//! is first touched after the first pin is destroyed before papaya's. Once ours is gone, reads use
//! a guard that does not depend on the thread. That works for reading only: writing to the map also
//! needs the thread's identity, so a thread that is ending hands writes to another thread.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;

use papaya::{Equivalent, Guard, HashMap, HashMapRef};

use crate::call::reference::{Holder, Reference};
use crate::circuit::Circuit;
use crate::key::{AsKey as _, KeyRef};

/// The circuits of a registry by key. Readers take no lock.
pub(super) struct Map(HashMap<Entry, (), foldhash::fast::RandomState>);

/// A circuit in the map, hashed and compared by its key.
struct Entry(Holder);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Thread {
    /// The thread has not used a map yet.
    New,
    Running,
    Ending,
}

thread_local! {
    // Const-initialized and without a destructor, so it is readable until the thread has ended.
    static THREAD: Cell<Thread> = const { Cell::new(Thread::New) };
    static ENDING: Ending = const { Ending };
}

struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        THREAD.set(Thread::Ending);
    }
}

type Pinned<'a, G> = HashMapRef<'a, Entry, (), foldhash::fast::RandomState, G>;

/// Does `$work` with either kind of guard.
macro_rules! with_map {
    ($map:expr, $work:expr) => {
        if THREAD.get() == Thread::Ending {
            $work(&$map.0.pin_owned())
        } else {
            let map = $map.0.pin();
            if THREAD.get() == Thread::New {
                // After the pin; see the module documentation. If it fails, the thread is ending.
                let state = ENDING.try_with(|_| Thread::Running).unwrap_or(Thread::Ending);
                THREAD.set(state);
            }
            $work(&map)
        }
    };
}

impl Map {
    pub(super) fn new() -> Self {
        Self(HashMap::with_hasher(foldhash::fast::RandomState::default()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
        fn found<G: Guard>(map: &Pinned<'_, G>, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
            map.get_key_value(&key).map(|(Entry(holder), ())| Arc::clone(holder.circuit()))
        }
        with_map!(self, |map: &_| found(map, key))
    }

    /// A reference for a call by name.
    #[inline]
    pub(super) fn reference(&self, key: KeyRef<'_>) -> Option<Reference> {
        if key.scope().is_some() || key.kind().is_some() || THREAD.get() != Thread::Running {
            return self.reference_of_any(key);
        }
        let map = self.0.pin();
        map.get_key_value(&OnlyIdentifier(key.identifier())).map(|(Entry(holder), ())| holder.reference())
    }

    #[inline(never)]
    fn reference_of_any(&self, key: KeyRef<'_>) -> Option<Reference> {
        fn found<G: Guard>(map: &Pinned<'_, G>, key: KeyRef<'_>) -> Option<Reference> {
            map.get_key_value(&key).map(|(Entry(holder), ())| holder.reference())
        }
        with_map!(self, |map: &_| found(map, key))
    }

    pub(super) fn insert(&self, circuit: &Arc<Circuit>) {
        fn put<G: Guard>(map: &Pinned<'_, G>, circuit: &Arc<Circuit>) {
            map.insert(Entry(Holder::new(Arc::clone(circuit))), ());
        }
        if THREAD.get() == Thread::Ending {
            // If that fails, the circuit stays outside the registry.
            on_new_thread(|| self.insert(circuit));
        } else {
            with_map!(self, |map: &_| put(map, circuit));
        }
    }

    pub(super) fn remove(&self, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
        fn removed<G: Guard>(map: &Pinned<'_, G>, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
            map.remove_entry(&key).map(|(Entry(holder), ())| Arc::clone(holder.circuit()))
        }
        if THREAD.get() == Thread::Ending {
            return on_new_thread(|| self.remove(key)).flatten();
        }
        with_map!(self, |map: &_| removed(map, key))
    }

    /// All circuits at this moment.
    pub(super) fn all(&self) -> Vec<Arc<Circuit>> {
        fn all<G: Guard>(map: &Pinned<'_, G>) -> Vec<Arc<Circuit>> {
            map.keys().map(|Entry(holder)| Arc::clone(holder.circuit())).collect()
        }
        with_map!(self, |map: &_| all(map))
    }
}

/// Runs `work` on a new thread; `None` if none can be spawned.
#[cold]
fn on_new_thread<R: Send>(work: impl FnOnce() -> R + Send) -> Option<R> {
    thread::scope(|scope| thread::Builder::new().spawn_scoped(scope, work).ok()?.join().ok())
}

impl std::hash::Hash for Entry {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.circuit().key().as_key().hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.circuit().key() == other.0.circuit().key()
    }
}

impl Eq for Entry {}

/// The usual key, which has no other part. A look-up of it needs fewer registers.
struct OnlyIdentifier<'a>(&'a str);

impl std::hash::Hash for OnlyIdentifier<'_> {
    #[inline]
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // As the key, which writes its other parts only if it has them.
        state.write(self.0.as_bytes());
    }
}

impl Equivalent<Entry> for OnlyIdentifier<'_> {
    #[inline]
    fn equivalent(&self, entry: &Entry) -> bool {
        KeyRef::new(self.0) == entry.0.circuit().key().as_key()
    }
}

impl Equivalent<Entry> for KeyRef<'_> {
    #[inline]
    fn equivalent(&self, entry: &Entry) -> bool {
        *self == entry.0.circuit().key().as_key()
    }
}
