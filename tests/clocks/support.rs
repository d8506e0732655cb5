//! A function whose time tests set as they like.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use breaker_box::Clock;

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// What a function returns, in nanoseconds. All clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading(Arc<AtomicU64>);

impl Reading {
    pub(crate) fn at(time: Duration) -> Self {
        let reading = Self::default();
        reading.set(time);
        reading
    }

    pub(crate) fn set(&self, time: Duration) {
        self.0.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.set(self.get() + by);
    }

    pub(crate) fn clock(&self) -> Clock {
        let reading = self.clone();
        Clock::from_fn(move || reading.get())
    }
}
