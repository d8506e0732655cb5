//! The only file that names the atomics and locks in use, so that a schedule checker can stand in for them.

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};

/// A lock that cannot be poisoned: no code of a user runs while it is held, so a panic elsewhere leaves nothing half-done.
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
