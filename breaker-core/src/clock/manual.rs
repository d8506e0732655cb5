//! A clock that moves only when a test advances it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::system;
use crate::clock::tick::{Tick, nanos};
use crate::primitive::{AtomicU64, Ordering};

/// A clock that moves only when it is [advanced](Self::advance), for tests that never sleep. All
/// clones share the same time.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), clock.clone())?;
/// breaker.open();
/// clock.advance(Duration::from_secs(29));
/// assert_eq!(breaker.state(), State::Open);
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(breaker.state(), State::HalfOpen);
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    elapsed: Arc<AtomicU64>,
    origin: SystemTime,
}

impl ManualClock {
    /// Creates a clock at its origin. For calendar times ([`Event::at`](crate::Event)), the origin
    /// is the moment of this call.
    #[must_use]
    pub fn new() -> Self {
        Self { elapsed: Arc::new(AtomicU64::new(0)), origin: system::calendar_time().unwrap_or(SystemTime::UNIX_EPOCH) }
    }

    /// Advances this clock and all its clones by `duration`. It stops 584 years after its origin.
    pub fn advance(&self, duration: Duration) {
        // AcqRel: what a thread did before it advanced the clock is visible to every thread that
        // sees the new time. Acquire: so is what precedes a time that this thread lost the race
        // against.
        let moved = self
            .elapsed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |elapsed| Some(elapsed.saturating_add(nanos(duration))));
        debug_assert!(moved.is_ok(), "the closure above always returns a value");
    }

    /// Returns how far the clock has been advanced since it was created.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.now().as_nanos())
    }

    pub(crate) fn now(&self) -> Tick {
        // Acquire: pairs with `advance`.
        Tick::from_nanos(self.elapsed.load(Ordering::Acquire))
    }

    pub(crate) fn calendar(&self, tick: Tick) -> SystemTime {
        self.origin.checked_add(Duration::from_nanos(tick.as_nanos())).unwrap_or(self.origin)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}
