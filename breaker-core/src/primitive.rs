//! The atomics, locks, cells and thread-locals that circuits and watchers use. With
//! `--cfg breaker_loom`, `primitive/checked.rs` replaces this file with those of the model checker
//! `loom`; see `tests/schedules/`.
//!
//! What the model checker does not run uses the standard library: statics that are initialized once
//! (the global registry, the seed of the jitter), the coarse clock, the background threads, and the
//! map of circuits, which has its own replacement.

use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;

pub(crate) use once_cell::race::OnceBox;
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::{MutexGuard, OnceLock};
pub(crate) use std::thread::yield_now;
pub(crate) use std::thread_local;

/// A lock that ignores poisoning. A panic leaves nothing half-done under it, because no user code
/// runs under it, except under the lock of `RecorderState`, which is consistent after each step.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(StdMutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(StdMutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a change of what a [`Mutex`] guards.
#[derive(Debug, Default)]
pub(crate) struct Condvar(std::sync::Condvar);

impl Condvar {
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait_timeout<'a, T>(&self, guard: MutexGuard<'a, T>, limit: Duration) -> MutexGuard<'a, T> {
        self.0.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A static that every thread shares.
macro_rules! shared {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$attribute])*
        static $name: $type = $value;
    };
}
pub(crate) use shared;
