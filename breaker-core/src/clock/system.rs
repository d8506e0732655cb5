//! The system's monotonic clock. The only file that reads real time.

use crate::clock::tick::Tick;

/// The system's monotonic clock: never set back, not moved by time zones or corrections. The
/// default.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CircuitBreaker, Policy, SystemClock};
///
/// let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), SystemClock)?;
/// assert!(breaker.is_available());
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemClock;

/// No coarse clock in use steps by more than this: Linux steps once per timer interrupt, 10 ms at
/// 100 Hz.
pub(super) const COARSE_STEP_NANOS: u64 = 10_000_000;

#[cfg(target_os = "linux")]
mod platform {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn now_nanos() -> u64 {
        nanos(clock_gettime(ClockId::Monotonic))
    }

    /// The kernel's copy of the same clock, refreshed at each timer interrupt: no hardware counter
    /// is read.
    pub(super) fn coarse_nanos() -> u64 {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    #[inline]
    // Both are counted from the boot of the machine and never negative.
    #[allow(clippy::cast_sign_loss)]
    const fn nanos(time: Timespec) -> u64 {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::sync::OnceLock;
    use std::time::Instant;

    /// Ticks need an origin that `Instant` does not tell: the first reading of this process.
    static ORIGIN: OnceLock<Instant> = OnceLock::new();

    pub(super) fn now_nanos() -> u64 {
        let origin = ORIGIN.get_or_init(Instant::now);
        crate::clock::tick::nanos(origin.elapsed())
    }

    /// No coarse clock is known here: the precise one serves.
    pub(super) fn coarse_nanos() -> u64 {
        now_nanos()
    }
}

#[inline]
pub(super) fn now() -> Tick {
    Tick::from_nanos(platform::now_nanos())
}

#[inline]
pub(super) fn coarse() -> Tick {
    Tick::from_nanos(platform::coarse_nanos())
}
