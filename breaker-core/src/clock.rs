//! Where breakers get the time: the system's monotonic clock, or one that a test advances.

mod manual;
mod system;
pub(crate) mod tick;

use std::time::SystemTime;

pub use manual::ManualClock;
pub use system::SystemClock;

use crate::clock::tick::Tick;

/// The clock of a breaker or a registry. A [`SystemClock`] or a [`ManualClock`] converts into it.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Clock, ManualClock, SystemClock};
///
/// let real: Clock = SystemClock.into();
/// let by_hand: Clock = ManualClock::new().into();
/// assert!(format!("{real:?}").contains("System"));
/// assert!(format!("{by_hand:?}").contains("Manual"));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

// An enum and not a trait object, because every call under a time window reads the clock.
#[derive(Clone, Debug)]
enum Source {
    System(SystemClock),
    Manual(ManualClock),
}

impl Clock {
    /// The exact time.
    #[inline]
    pub(crate) fn now(&self) -> Tick {
        match &self.0 {
            Source::System(_) => system::now(),
            Source::Manual(clock) => clock.now(),
        }
    }

    /// The time at a fraction of the cost of [`now`](Self::now): up to a few milliseconds behind
    /// and never ahead.
    #[inline]
    pub(crate) fn coarse(&self) -> Tick {
        match &self.0 {
            Source::System(_) => system::coarse(),
            Source::Manual(clock) => clock.now(),
        }
    }

    /// The time, if `deadline` has not come. Exact, although the precise clock is read only near
    /// the deadline.
    #[inline]
    pub(crate) fn before(&self, deadline: Tick) -> Option<Tick> {
        // A deadline far ahead of the coarse clock is also ahead of the precise one.
        self.well_before(deadline).or_else(|| {
            let now = self.now();
            (!deadline.has_come(now)).then_some(now)
        })
    }

    /// The coarse time, if `deadline` is certainly ahead of the precise time.
    #[inline]
    pub(crate) fn well_before(&self, deadline: Tick) -> Option<Tick> {
        let coarse = self.coarse();
        (deadline.as_nanos().saturating_sub(coarse.as_nanos()) > system::COARSE_STEP_NANOS).then_some(coarse)
    }

    pub(crate) const fn is_manual(&self) -> bool {
        matches!(self.0, Source::Manual(_))
    }

    /// The calendar time of an instant of this clock.
    pub(crate) fn calendar(&self, tick: Tick) -> SystemTime {
        match &self.0 {
            // Computed back from now, so that a correction of the system time also corrects what is
            // reported.
            Source::System(_) => {
                let now = SystemTime::now();
                now.checked_sub(system::now().since(tick)).unwrap_or(now)
            }
            Source::Manual(clock) => clock.calendar(tick),
        }
    }
}

impl Default for Clock {
    /// Returns the system clock.
    fn default() -> Self {
        SystemClock.into()
    }
}

impl From<SystemClock> for Clock {
    fn from(clock: SystemClock) -> Self {
        Self(Source::System(clock))
    }
}

impl From<ManualClock> for Clock {
    fn from(clock: ManualClock) -> Self {
        Self(Source::Manual(clock))
    }
}

impl From<&ManualClock> for Clock {
    fn from(clock: &ManualClock) -> Self {
        clock.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_system_clock_never_runs_backwards_and_coarse_is_never_ahead() {
        let clock = Clock::default();
        let mut last = clock.now();
        for _ in 0..1_000 {
            let coarse = clock.coarse();
            let now = clock.now();
            assert!(now >= last);
            assert!(coarse <= now);
            last = now;
        }
    }

    #[test]
    fn a_deadline_is_reached_exactly_on_the_manual_clock() {
        let manual = ManualClock::new();
        let clock: Clock = manual.clone().into();
        let deadline = clock.now().after(Duration::from_nanos(7));
        manual.advance(Duration::from_nanos(6));
        assert!(clock.before(deadline).is_some());
        manual.advance(Duration::from_nanos(1));
        assert!(clock.before(deadline).is_none());
    }
}
