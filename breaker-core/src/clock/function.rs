//! A clock that asks a function for the time.

use std::fmt::{self, Debug, Formatter};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::system;
use crate::clock::tick::{Tick, nanos};
use crate::primitive::{AtomicU64, Ordering};

/// A step back of at most this much is not taken for one: a thread that is interrupted between
/// reading the function and using what it read sees such steps too.
const TOLERANCE_NANOS: u64 = 1_000_000_000;

/// A reading beyond this (292 years) is a mistake, and ignored.
const LATEST_READING_NANOS: u64 = u64::MAX / 2;

/// Turns the readings of a function into time that never goes back. All clones share it.
#[derive(Clone)]
pub(super) struct FunctionClock(Arc<Readings<dyn Fn() -> Duration + Send + Sync>>);

struct Readings<F: ?Sized> {
    /// The latest time that any thread has seen.
    latest: AtomicU64,
    /// What is added to readings: by how much they are behind, since the function stepped back.
    offset: AtomicU64,
    /// The calendar time of a reading of zero.
    origin: SystemTime,
    read: F,
}

// A panic of the function is caught here, so that none leaves anything half-done.
impl UnwindSafe for FunctionClock {}
impl RefUnwindSafe for FunctionClock {}

impl FunctionClock {
    pub(super) fn new(read: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let first = reading(&read).unwrap_or_default();
        let origin = system::calendar_time().and_then(|now| now.checked_sub(Duration::from_nanos(first)));
        Self(Arc::new(Readings {
            latest: AtomicU64::new(first),
            offset: AtomicU64::new(0),
            origin: origin.unwrap_or(SystemTime::UNIX_EPOCH),
            read,
        }))
    }

    pub(super) fn now(&self) -> Tick {
        let Readings { latest, offset, read, .. } = &*self.0;
        // Acquire: pairs with the exchange in `show`. Loaded before the reading, so that a reading
        // from before a step back is never added to the offset from after it.
        let added = offset.load(Ordering::Acquire);
        let reading = reading(read);
        // Acquire: pairs with `fetch_max` in `show`.
        let seen = latest.load(Ordering::Acquire);
        match reading {
            None => Tick::from_nanos(seen),
            // The function has never stepped back, or has caught up, or only other threads have
            // seen it step back.
            Some(reading) if reading.saturating_add(TOLERANCE_NANOS) >= seen => self.show(reading, added, 0),
            // It has stepped back, and time goes on from the latest that was seen.
            Some(reading) => {
                let behind = seen.saturating_sub(reading.saturating_add(added));
                let offset = if behind > TOLERANCE_NANOS { added.saturating_add(behind) } else { added };
                self.show(reading.saturating_add(offset), added, offset)
            }
        }
    }

    /// Shows a time that was read under the offset `before` and is shown under the offset `after`.
    fn show(&self, time: u64, before: u64, after: u64) -> Tick {
        if before != after {
            // If this fails, another thread has noticed it too. Release: pairs with the load in
            // `now`. Relaxed: a failure is not looked at.
            let _ = self.0.offset.compare_exchange(before, after, Ordering::Release, Ordering::Relaxed);
        }
        // AcqRel: whoever sees this time, or a later one, also sees what this thread did before.
        let seen = self.0.latest.fetch_max(time, Ordering::AcqRel);
        Tick::from_nanos(seen.max(time))
    }

    /// The calendar time follows the function, even where it steps back.
    pub(super) fn calendar(&self, tick: Tick) -> SystemTime {
        let Readings { offset, origin, .. } = &*self.0;
        // Relaxed: what is reported needs no order.
        let reading = tick.as_nanos().saturating_sub(offset.load(Ordering::Relaxed));
        origin.checked_add(Duration::from_nanos(reading)).unwrap_or(*origin)
    }
}

/// What the function returns, unless that is a mistake. A panic is one too: the function is also
/// called while a circuit is locked, and a panic there would leave that circuit half-changed.
fn reading(read: &(impl Fn() -> Duration + ?Sized)) -> Option<u64> {
    let duration = catch_unwind(AssertUnwindSafe(read)).ok()?;
    Some(nanos(duration)).filter(|nanos| *nanos <= LATEST_READING_NANOS)
}

impl Debug for FunctionClock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Relaxed: what is reported needs no order.
        let latest = self.0.latest.load(Ordering::Relaxed);
        f.debug_tuple("FunctionClock").field(&Duration::from_nanos(latest)).finish()
    }
}
