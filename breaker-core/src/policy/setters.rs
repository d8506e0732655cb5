//! The setters: what counts, how long the circuit stays open, how it recovers.

use std::time::Duration;

use super::{Cancellation, Policy};

/// # Setters
impl Policy {
    /// Sets the minimum number of calls in the window before a rate is computed. For
    /// [`Window::calls`](crate::Window::calls) it is 1 to the size of the window, which is also the
    /// default. For [`Window::time`](crate::Window::time) it is 1 to
    /// [`MAX_COUNT`](Self::MAX_COUNT), 20 by default.
    #[must_use]
    pub const fn minimum_calls(mut self, n: u32) -> Self {
        self.minimum_calls = Some(n);
        self
    }

    /// Ignores a failure that follows the last counted one by less than `quiet`, for
    /// [`consecutive_failures`](Self::consecutive_failures) and
    /// [`failures_within`](Self::failures_within). So an incident that fails a hundred calls at
    /// once counts once. Zero, the default, turns it off.
    ///
    /// The rates and the totals still count every call, and every probe is evaluated. If a new
    /// policy adds a debounce, it takes effect from the next failure.
    #[must_use]
    pub const fn debounce(mut self, quiet: Duration) -> Self {
        self.debounce = quiet;
        self
    }

    /// Counts a success that took longer than `limit` as a failure, with the reason `slow`. So one
    /// threshold covers both failed and slow calls. Above zero; off by default.
    ///
    /// It counts as a failure everywhere: in every condition, in the totals, in events, and as a
    /// probe. Unless [`slow_call_rate`](Self::slow_call_rate) sets its own limit, such a call also
    /// counts as slow. The caller still gets its result.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
    ///
    /// let clock = ManualClock::new();
    /// let policy = Policy::consecutive_failures(1).fail_slower_than(Duration::from_secs(2));
    /// let breaker = CircuitBreaker::with_clock("search", policy, clock.clone())?;
    /// breaker.call(|| {
    ///     clock.advance(Duration::from_secs(3));
    ///     Ok::<_, std::io::Error>("late")
    /// })?;
    /// assert_eq!(breaker.state(), State::Open);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn fail_slower_than(mut self, limit: Duration) -> Self {
        self.fail_slower_than = Some(limit);
        self
    }

    /// Sets the longest time for which a [`Trip`](crate::Outcome::Trip) may open the circuit, so
    /// that a server that sends `Retry-After: 31536000` does not open it for a year. Above zero, 1
    /// hour by default; `Duration::MAX` means no limit.
    ///
    /// [`jitter`](Self::jitter) may lengthen that time by up to its fraction, but never shortens
    /// it. Opening by hand ([`open_for`](crate::CircuitBreaker::open_for)) has no limit.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, Outcome, Policy};
    ///
    /// let minute = Duration::from_secs(60);
    /// let breaker = CircuitBreaker::new("search", Policy::new().max_trip(minute))?;
    /// let year = Duration::from_secs(31_536_000);
    /// breaker.call_with(|| 503, |_| Outcome::trip_for(year))?;
    /// assert!(breaker.status().retry_after.is_some_and(|wait| wait <= minute));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn max_trip(mut self, longest: Duration) -> Self {
        self.max_trip = longest;
        self
    }

    /// Sets how long the circuit stays open. Above zero, 30 seconds by default; `Duration::MAX`
    /// means until it is closed by hand.
    #[must_use]
    pub const fn expiry(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self.progressive = None;
        self
    }

    /// Lengthens the open period with each opening in a row. If k is the number of openings in a
    /// row without recovery, the period is min(`max`, `initial` × `factor`^(k−1)), saturating; the
    /// first one is `initial`. Off by default.
    ///
    /// `initial` and `max` are above zero, and `max` is at least `initial`. `factor` is at least 1.
    #[must_use]
    pub const fn progressive_expiry(mut self, initial: Duration, factor: f64, max: Duration) -> Self {
        self.expiry = initial;
        self.progressive = Some((factor, max));
        self
    }

    /// Lengthens or shortens each open period at random by up to this fraction, so that a fleet
    /// does not probe all at once. 0 to 1, 0 by default.
    ///
    /// The amount differs per circuit, opening and process. With a
    /// [`ManualClock`](crate::ManualClock) it depends only on the circuit's name and its changes of
    /// state, so tests are reproducible.
    #[must_use]
    pub const fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = fraction;
        self
    }

    /// Sets how many probes may be in flight at once. A probe takes its slot when it is admitted;
    /// [`half_open_timeout`](Self::half_open_timeout) says how long it may hold it. 1 to
    /// [`MAX_COUNT`](Self::MAX_COUNT), 1 by default.
    #[must_use]
    pub const fn half_open_max_calls(mut self, n: u32) -> Self {
        self.half_open_max_calls = n;
        self
    }

    /// Sets how many successful probes close the circuit. 1 to [`MAX_COUNT`](Self::MAX_COUNT), 1 by
    /// default.
    #[must_use]
    pub const fn success_threshold(mut self, n: u32) -> Self {
        self.success_threshold = n;
        self
    }

    /// Sets how many failed probes reopen the circuit. 1 to [`MAX_COUNT`](Self::MAX_COUNT), 1 by
    /// default.
    #[must_use]
    pub const fn half_open_failure_threshold(mut self, n: u32) -> Self {
        self.half_open_failure_threshold = n;
        self
    }

    /// Sets a timeout for probes: a probe that has not finished after `limit` counts as failed at
    /// that moment. Above zero; not set by default. The change of state has the cause
    /// [`HalfOpenTimeout`](crate::Cause::HalfOpenTimeout). The totals do not count such a probe as
    /// a failure; when it finishes, they count it as late.
    ///
    /// Without a timeout, a probe that has run for as long as the current open period (before
    /// jitter) gives up its slot to another call. Its own result still counts if the circuit is
    /// still in the same half-open period. So a circuit recovers even if calls take longer than the
    /// expiry, and a probe that never returns blocks nothing. The half-open state itself has no
    /// time limit.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
    ///
    /// let ten_seconds = Duration::from_secs(10);
    /// for (policy, afterwards) in [
    ///     (Policy::new().expiry(ten_seconds), State::Closed),
    ///     (Policy::new().expiry(ten_seconds).half_open_timeout(ten_seconds), State::Open),
    /// ] {
    ///     let clock = ManualClock::new();
    ///     let breaker = CircuitBreaker::with_clock("report", policy, clock.clone())?;
    ///     breaker.open();
    ///     clock.advance(ten_seconds);
    ///     let probe = breaker.try_acquire()?;
    ///     clock.advance(ten_seconds);
    ///     probe.success();
    ///     assert_eq!(breaker.state(), afterwards);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub const fn half_open_timeout(mut self, limit: Duration) -> Self {
        self.half_open_timeout = Some(limit);
        self
    }

    /// Closes the circuit at the end of the open period, without probes. Off by default.
    #[must_use]
    pub const fn close_on_expiry(mut self) -> Self {
        self.close_on_expiry = true;
        self
    }

    /// Makes the recovery gradual: instead of closing, the circuit
    /// [ramps up](crate::State::RampingUp) for `period`. It admits a share of the calls, which
    /// grows evenly from [`ramp_up_from`](Self::ramp_up_from) to all of them, and rejects the
    /// others. If one of the conditions holds meanwhile, the circuit opens again. Above zero; off
    /// by default.
    ///
    /// A dependency that has just come back with cold caches is not hit by the full load at once.
    /// It applies to a recovery by probes and to [`close_on_expiry`](Self::close_on_expiry), but
    /// not to a circuit that is closed by hand.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
    ///
    /// let clock = ManualClock::new();
    /// let policy = Policy::new().ramp_up(Duration::from_secs(60)).ramp_up_from(0.25);
    /// let breaker = CircuitBreaker::with_clock("search", policy, clock.clone())?;
    /// breaker.open();
    /// clock.advance(Duration::from_secs(30));
    /// breaker.call(|| Ok::<_, std::io::Error>("the probe"))?;
    /// assert_eq!(breaker.state(), State::RampingUp);
    /// let admitted = (0..100).filter(|_| breaker.call(|| Ok::<_, std::io::Error>(())).is_ok()).count();
    /// assert_eq!(admitted, 25);
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(breaker.state(), State::Closed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn ramp_up(mut self, period: Duration) -> Self {
        self.ramp_up = Some(period);
        self
    }

    /// Sets the share of calls with which a [`ramp_up`](Self::ramp_up) begins. Above 0 and at most
    /// 1, 0.1 by default. Without a ramp-up it has no effect.
    #[must_use]
    pub const fn ramp_up_from(mut self, share: f64) -> Self {
        self.ramp_up_from = share;
        self
    }

    /// Sets what a dropped future or permit counts as. [`Cancellation::Ignore`] by default.
    ///
    /// Use [`Cancellation::Slow`] for calls that your own timeout cancels, or
    /// [`Cancellation::Failure`] if every cancelled call is a failed one. Do not use it on a
    /// server, where clients cancel calls: a few that disconnect would open a route for everyone.
    #[must_use]
    pub const fn on_cancel(mut self, cancellation: Cancellation) -> Self {
        self.on_cancel = cancellation;
        self
    }
}
