//! Replaces the system's atomics, locks, cells and thread-locals by those of the model checker
//! `loom`, which runs a test in every order that its threads could take. Only compiled with
//! `--cfg breaker_loom`; see `tests/schedules/`.

use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;
use std::sync::{OnceLock as StdOnceLock, PoisonError};
use std::time::Duration;

pub(crate) use loom::sync::MutexGuard;
use loom::sync::atomic as inner;
pub(crate) use loom::sync::atomic::{Ordering, fence};
pub(crate) use loom::thread::yield_now;

/// An atomic of the checker, with a workaround: the checker misses orders in which a thread writes
/// after it has read itself, because it only keeps the last access to an atomic for its search (its
/// issues 166 and 392). So each read is preceded by an access to a second atomic that counts as a
/// write. That access is relaxed and never writes, so it orders nothing.
macro_rules! atomics {
    ($($name:ident: $number:ty),*) => {$(
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            value: inner::$name,
            turn: inner::AtomicU32,
        }

        impl $name {
            pub(crate) fn new(value: $number) -> Self {
                Self { value: inner::$name::new(value), turn: inner::AtomicU32::new(0) }
            }

            pub(crate) fn load(&self, ordering: Ordering) -> $number {
                // Relaxed: the exchange never succeeds; it only gives the checker a turn.
                let _never_one = self.turn.compare_exchange(1, 1, Ordering::Relaxed, Ordering::Relaxed);
                self.value.load(ordering)
            }

            /// The checker's own operations, without the workaround.
            #[allow(dead_code, reason = "not every atomic is written like this")]
            pub(crate) fn fetch_update(
                &self,
                written: Ordering,
                read: Ordering,
                mut change: impl FnMut($number) -> Option<$number>,
            ) -> Result<$number, $number> {
                let mut before = self.load(read);
                while let Some(next) = change(before) {
                    match self.value.compare_exchange(before, next, written, read) {
                        Ok(_) => return Ok(before),
                        Err(found) => before = found,
                    }
                }
                Err(before)
            }
        }

        impl Deref for $name {
            type Target = inner::$name;

            fn deref(&self) -> &Self::Target {
                &self.value
            }
        }
    )*};
}

atomics!(AtomicU32: u32, AtomicU64: u64, AtomicUsize: usize);

/// Like the type of the same name. The checker ends a run at the first panic, so nothing is ever
/// poisoned.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Like the type of the same name, but time limits never end a wait, because the checker has no
/// time.
#[derive(Debug, Default)]
pub(crate) struct Condvar(loom::sync::Condvar);

impl Condvar {
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait_timeout<'a, T>(&self, guard: MutexGuard<'a, T>, _limit: Duration) -> MutexGuard<'a, T> {
        self.wait(guard)
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A cell that is written once. The checker has none, so this one is built from its primitives,
/// with the orderings that the real one guarantees: a thread that finds a value also sees
/// everything that precedes its setting.
pub(crate) struct OnceLock<T> {
    value: StdOnceLock<T>,
    /// Created at first use, because constants are created outside any test. The checker requires
    /// that use to precede the sharing of the cell.
    state: StdOnceLock<State>,
}

#[derive(Debug, Default)]
struct State {
    is_set: AtomicU32,
    setting: Mutex<()>,
}

impl<T> OnceLock<T> {
    pub(crate) const fn new() -> Self {
        Self { value: StdOnceLock::new(), state: StdOnceLock::new() }
    }

    fn state(&self) -> &State {
        self.state.get_or_init(State::default)
    }

    pub(crate) fn get(&self) -> Option<&T> {
        // Acquire: pairs with the release when it is set.
        if self.state().is_set.load(Ordering::Acquire) == 1 { self.value.get() } else { None }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let _setting = self.state().setting.lock();
        self.value.set(value)?;
        // Release: see `get`.
        self.state().is_set.store(1, Ordering::Release);
        Ok(())
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let _setting = self.state().setting.lock();
        let value = self.value.get_or_init(make);
        // Release: see `get`.
        self.state().is_set.store(1, Ordering::Release);
        value
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        let cell = Self::new();
        cell.state();
        cell
    }
}

impl<T: Debug> Debug for OnceLock<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnceLock").field(&self.get()).finish()
    }
}

/// Like the type of the same name, which is a single pointer.
#[derive(Debug)]
pub(crate) struct OnceBox<T>(OnceLock<Box<T>>);

impl<T> OnceBox<T> {
    pub(crate) fn new() -> Self {
        Self(OnceLock::default())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get().map(Box::as_ref)
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> Box<T>) -> &T {
        self.0.get_or_init(make)
    }
}

/// Like the macro of the same name, but the checker's thread-locals take no `const` values.
macro_rules! per_thread {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = const { $value:expr };)*) => {
        loom::thread_local! { $($(#[$attribute])* static $name: $type = $value;)* }
    };
}
pub(crate) use per_thread as thread_local;

/// A static that all threads share, created anew for each run of a test. It is leaked, because
/// threads may end after the checker has destroyed its own statics.
macro_rules! shared {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        loom::lazy_static! {
            $(#[$attribute])*
            static ref $name: &'static $type = Box::leak(Box::new($value));
        }
    };
}
pub(crate) use shared;
