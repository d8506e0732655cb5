//! The system's monotonic clock. This is the only file that reads real time.

use std::time::SystemTime;

use crate::clock::tick::Tick;

/// The system's monotonic clock, the default. It never goes back, and time zones and corrections of
/// the system time do not affect it.
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

/// The longest step of any coarse clock in use. Linux steps once per timer interrupt: 10 ms at
/// 100 Hz.
pub(super) const COARSE_STEP_NANOS: u64 = 10_000_000;

#[cfg(target_os = "linux")]
mod platform {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn now_nanos() -> u64 {
        nanos(clock_gettime(ClockId::Monotonic))
    }

    /// The kernel's copy of the same clock, updated at each timer interrupt. No hardware counter is
    /// read.
    pub(super) fn coarse_nanos() -> u64 {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    #[inline]
    // Both count from the boot of the machine, and are never negative.
    #[allow(clippy::cast_sign_loss)]
    const fn nanos(time: Timespec) -> u64 {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::sync::OnceLock;
    use std::time::Instant;

    /// The origin of ticks, which `Instant` does not reveal: the first reading in this process.
    static ORIGIN: OnceLock<Instant> = OnceLock::new();

    pub(super) fn now_nanos() -> u64 {
        let origin = ORIGIN.get_or_init(Instant::now);
        crate::clock::tick::nanos(origin.elapsed())
    }

    /// There is no coarse clock on this platform, so the precise one is used.
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

/// The calendar time. Bare WebAssembly has none, and asking for it would panic.
pub(super) fn calendar_time() -> Option<SystemTime> {
    (!cfg!(all(target_family = "wasm", target_os = "unknown"))).then(SystemTime::now)
}
