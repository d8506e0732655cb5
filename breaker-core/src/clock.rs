//! Where breakers get the time: the system's monotonic clock, one that a test advances, or a
//! function.

mod function;
mod manual;
mod system;
pub(crate) mod tick;

use std::time::{Duration, SystemTime};

pub use manual::ManualClock;
pub use system::SystemClock;

use crate::clock::function::FunctionClock;
use crate::clock::tick::Tick;

/// The clock of a breaker or a registry. A [`SystemClock`] or a [`ManualClock`] converts into it,
/// and [`from_fn`](Self::from_fn) makes one of any other source of time.
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
    Function(FunctionClock),
}

impl Clock {
    /// Creates a clock that gets the time from `now`, which returns how long ago some fixed moment
    /// was. Use it where time is not the system's: with a runtime whose clock is paused, in a
    /// simulator, in WebAssembly without a system.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, Clock, Policy, State};
    ///
    /// // A simulation, whose time is a number of milliseconds.
    /// let simulated = Arc::new(AtomicU64::new(0));
    /// let clock = Clock::from_fn({
    ///     let simulated = Arc::clone(&simulated);
    ///     move || Duration::from_millis(simulated.load(Ordering::Relaxed))
    /// });
    /// let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), clock)?;
    /// breaker.open();
    /// simulated.store(29_999, Ordering::Relaxed);
    /// assert_eq!(breaker.state(), State::Open);
    /// simulated.store(30_000, Ordering::Relaxed);
    /// assert_eq!(breaker.state(), State::HalfOpen);
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    ///
    /// The function is called often, also while a circuit is locked. It must be quick, must return
    /// the same time on every thread, and must not use a breaker that has this clock. If it panics,
    /// or returns more than 292 years, breakers use the latest time that they have seen.
    ///
    /// For breakers, time never goes back. If the function steps back by more than a second, their
    /// time goes on from the latest that was seen, until the function is past that again: an open
    /// circuit stays open for the rest of its period, and no longer. After a smaller step, their
    /// time stands still until the function has caught up. If the function jumps ahead, that time
    /// has passed: open periods end, and windows forget what was in them.
    ///
    /// Calendar times ([`Event::at`](crate::Event)) begin with the system's at the moment of this
    /// call, and follow the function from there. On `wasm32-unknown-unknown`, where the system has
    /// none, they are what the function returns, counted from the Unix epoch. `Date.now()` fits
    /// there.
    ///
    /// Jitter is random, as with the system clock.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Source::Function(FunctionClock::new(now)))
    }

    /// The exact time.
    #[inline]
    pub(crate) fn now(&self) -> Tick {
        match &self.0 {
            Source::System(_) => system::now(),
            _ => self.now_of_another(),
        }
    }

    /// The time at a fraction of the cost of [`now`](Self::now): up to a few milliseconds behind
    /// and never ahead.
    #[inline]
    pub(crate) fn coarse(&self) -> Tick {
        match &self.0 {
            Source::System(_) => system::coarse(),
            _ => self.now_of_another(),
        }
    }

    /// Outlined, so that the calls under the system clock get neither code nor registers of it.
    #[inline(never)]
    fn now_of_another(&self) -> Tick {
        match &self.0 {
            Source::System(_) => system::now(),
            Source::Manual(clock) => clock.now(),
            Source::Function(clock) => clock.now(),
        }
    }

    /// The time, if `deadline` has not come. Exact, although the precise clock is read only near
    /// the deadline.
    #[inline]
    pub(crate) fn before(&self, deadline: Tick) -> Option<Tick> {
        let (now, has_come) = self.against(deadline);
        (!has_come).then_some(now)
    }

    /// The time, and whether `deadline` has come. If it has, the time is precise.
    #[inline]
    pub(crate) fn against(&self, deadline: Tick) -> (Tick, bool) {
        // A deadline far ahead of the coarse clock is also ahead of the precise one.
        if let Some(coarse) = self.well_before(deadline) {
            return (coarse, false);
        }
        let now = self.now();
        (now, deadline.has_come(now))
    }

    /// The coarse time, if `deadline` is certainly ahead of the precise time.
    #[inline]
    pub(crate) fn well_before(&self, deadline: Tick) -> Option<Tick> {
        let coarse = self.coarse();
        Self::is_well_before(coarse, deadline).then_some(coarse)
    }

    /// Whether `deadline` was certainly ahead of the precise time when this [coarse](Self::coarse)
    /// time was read.
    #[inline]
    pub(crate) const fn is_well_before(coarse: Tick, deadline: Tick) -> bool {
        deadline.as_nanos().saturating_sub(coarse.as_nanos()) > system::COARSE_STEP_NANOS
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
                let now = system::calendar_time().unwrap_or(SystemTime::UNIX_EPOCH);
                now.checked_sub(system::now().since(tick)).unwrap_or(now)
            }
            Source::Manual(clock) => clock.calendar(tick),
            Source::Function(clock) => clock.calendar(tick),
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
    fn the_coarse_time_of_a_function_is_exact() {
        let clock = Clock::from_fn(|| Duration::from_secs(7));
        assert_eq!(clock.coarse(), clock.now());
        let after = |nanos| clock.now().after(Duration::from_nanos(nanos));
        assert_eq!(clock.well_before(after(system::COARSE_STEP_NANOS + 1)), Some(clock.now()));
        assert_eq!(clock.well_before(after(system::COARSE_STEP_NANOS)), None);
        assert_eq!(clock.before(after(1)), Some(clock.now()));
        assert_eq!(clock.before(after(0)), None);
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
