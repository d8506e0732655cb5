//! When a circuit opens, for how long, and how it recovers.

mod backoff;
mod cancellation;
mod derived;
mod display;
mod error;
mod invalid;
mod validate;
mod values;
mod window;

use std::time::Duration;

pub use cancellation::{Cancellation, UnknownCancellationError};
pub use error::PolicyError;
pub use values::PolicyValues;
pub(crate) use window::Extent;
pub use window::Window;

/// When a circuit opens, for how long, and how it recovers.
///
/// A policy is `Copy`, and all constructors and setters are `const fn`, so it can be a constant.
/// Nothing that takes a policy accepts an invalid one: see [`validate`](Self::validate).
///
/// Any condition that holds opens the circuit. Conditions are judged at each result that is
/// counted, also at a success: it can be the one that reaches the minimum of calls.
///
/// With the feature `serde`, a policy is a map of the options of settings files:
/// `{"failure_threshold": 5, "expiry": "30s"}`. The format must be self-describing, such as JSON.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{Policy, PolicyError, Window};
///
/// const POLICY: Policy = Policy::failure_rate(0.5, Window::calls(100))
///     .minimum_calls(20)
///     .or_consecutive_failures(10)
///     .progressive_expiry(Duration::from_secs(5), 2.0, Duration::from_secs(300))
///     .jitter(0.1);
/// assert_eq!(POLICY.validate(), Ok(()));
///
/// let wrong = Policy::consecutive_failures(0).validate();
/// assert_eq!(wrong.unwrap_err().to_string(), "consecutive_failures: 0 is out of range, expected 1 to 10000000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    pub(crate) consecutive_failures: Option<u32>,
    pub(crate) failures_within: Option<(u32, Duration)>,
    pub(crate) failure_rate: Option<(f64, Window)>,
    pub(crate) slow_call_rate: Option<(f64, Duration, Window)>,
    pub(crate) minimum_calls: Option<u32>,
    pub(crate) debounce: Duration,
    pub(crate) expiry: Duration,
    pub(crate) progressive: Option<(f64, Duration)>,
    pub(crate) jitter: f64,
    pub(crate) half_open_max_calls: u32,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_failure_threshold: u32,
    pub(crate) half_open_timeout: Option<Duration>,
    pub(crate) close_on_expiry: bool,
    pub(crate) on_cancel: Cancellation,
    pub(crate) fail_slower_than: Option<Duration>,
    pub(crate) max_trip: Duration,
}

/// # Constructors: the first condition
impl Policy {
    /// The highest count that any setter takes: ten million.
    pub const MAX_COUNT: u32 = 10_000_000;

    /// Five failures in a row open the circuit for 30 seconds; one probe decides. The policy of who
    /// asks for none.
    #[must_use]
    pub const fn new() -> Self {
        Self::consecutive_failures(5)
    }

    /// Opens at `n` failures in a row; a success clears the count. 1 to
    /// [`MAX_COUNT`](Self::MAX_COUNT), 5 in [`new`](Self::new).
    #[must_use]
    pub const fn consecutive_failures(n: u32) -> Self {
        Self::without_conditions().or_consecutive_failures(n)
    }

    /// Opens when `n` failures lie in the last `window`; one exactly `window` old no longer does.
    /// Successes do not clear them.
    ///
    /// `n`: 1 to [`MAX_COUNT`](Self::MAX_COUNT), exact up to 1,024, in ten buckets above. `window`:
    /// above zero; `Duration::MAX` = since the last reset.
    #[must_use]
    pub const fn failures_within(n: u32, window: Duration) -> Self {
        Self::without_conditions().or_failures_within(n, window)
    }

    /// Opens when failures ÷ calls in `window` reaches `rate` and the window holds
    /// [`minimum_calls`](Self::minimum_calls).
    ///
    /// `rate`: above 0, up to 1.
    #[must_use]
    pub const fn failure_rate(rate: f64, window: Window) -> Self {
        Self::without_conditions().or_failure_rate(rate, window)
    }

    /// Opens when calls that took longer than `longer_than` ÷ calls in `window` reaches `rate` and
    /// the window holds [`minimum_calls`](Self::minimum_calls).
    ///
    /// Slow means strictly longer, and counts whether the call succeeded or failed. `rate`: above
    /// 0, up to 1; `longer_than`: above zero.
    #[must_use]
    pub const fn slow_call_rate(rate: f64, longer_than: Duration, window: Window) -> Self {
        Self::without_conditions().or_slow_call_rate(rate, longer_than, window)
    }

    const fn without_conditions() -> Self {
        Self {
            consecutive_failures: None,
            failures_within: None,
            failure_rate: None,
            slow_call_rate: None,
            minimum_calls: None,
            debounce: Duration::ZERO,
            expiry: Duration::from_secs(30),
            progressive: None,
            jitter: 0.0,
            half_open_max_calls: 1,
            success_threshold: 1,
            half_open_failure_threshold: 1,
            half_open_timeout: None,
            close_on_expiry: false,
            on_cancel: Cancellation::Ignore,
            fail_slower_than: None,
            max_trip: Duration::from_secs(3_600),
        }
    }
}

/// # Further conditions: any of them opens
impl Policy {
    /// Also opens at `n` failures in a row, as
    /// [`consecutive_failures`](Self::consecutive_failures).
    #[must_use]
    pub const fn or_consecutive_failures(mut self, n: u32) -> Self {
        self.consecutive_failures = Some(n);
        self
    }

    /// Also opens at `n` failures in the last `window`, as
    /// [`failures_within`](Self::failures_within).
    #[must_use]
    pub const fn or_failures_within(mut self, n: u32, window: Duration) -> Self {
        self.failures_within = Some((n, window));
        self
    }

    /// Also opens at a failure rate, as [`failure_rate`](Self::failure_rate). Both rates share one
    /// window.
    #[must_use]
    pub const fn or_failure_rate(mut self, rate: f64, window: Window) -> Self {
        self.failure_rate = Some((rate, window));
        self
    }

    /// Also opens at a rate of slow calls, as [`slow_call_rate`](Self::slow_call_rate). Both rates
    /// share one window.
    #[must_use]
    pub const fn or_slow_call_rate(mut self, rate: f64, longer_than: Duration, window: Window) -> Self {
        self.slow_call_rate = Some((rate, longer_than, window));
        self
    }
}

/// # Setters
impl Policy {
    /// No rate is judged, or known, on fewer calls. 1 to the n of [`Window::calls`], which is also
    /// the default; for [`Window::time`] 1 to [`MAX_COUNT`](Self::MAX_COUNT), default 20.
    #[must_use]
    pub const fn minimum_calls(mut self, n: u32) -> Self {
        self.minimum_calls = Some(n);
        self
    }

    /// A failure closer than `quiet` to the last counted one is not counted again by
    /// [`consecutive_failures`](Self::consecutive_failures) and
    /// [`failures_within`](Self::failures_within), so that one incident that fails a hundred calls
    /// at once counts once. Zero, the default, is off.
    ///
    /// The rates and the totals see every call, and probes are always judged. A debounce that comes
    /// with a new policy begins with the next failure.
    #[must_use]
    pub const fn debounce(mut self, quiet: Duration) -> Self {
        self.debounce = quiet;
        self
    }

    /// A success that took longer than `limit` counts as a failure, with the reason `slow`: one
    /// threshold for calls that fail and calls that are too slow. Above zero, off by default.
    ///
    /// It counts as a failure everywhere: for every condition, in the totals, for watchers, and as
    /// a probe. Where no [`slow_call_rate`](Self::slow_call_rate) has a limit of its own, such a
    /// call is also a slow one. The caller still gets its result.
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

    /// The longest time that a [`Trip`](crate::Outcome::Trip) may ask for: a server that says
    /// `Retry-After: 31536000` does not open the circuit for a year. Above zero, 1 h by default;
    /// `Duration::MAX` = any time.
    ///
    /// [`jitter`](Self::jitter) may stretch that time by its fraction, but never shortens what a trip asks for. What is ordered
    /// by hand ([`open_for`](crate::CircuitBreaker::open_for)) has no limit.
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

    /// How long the circuit stays open. Above zero, default 30 s; `Duration::MAX` = until somebody
    /// closes it.
    #[must_use]
    pub const fn expiry(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self.progressive = None;
        self
    }

    /// The k-th opening in a row without recovery lasts min(`max`, `initial` × `factor`^(k−1)),
    /// saturating. Off by default.
    ///
    /// `initial` and `max`: above zero, `max` at least `initial`. `factor`: at least 1. The
    /// first period is the initial one.
    #[must_use]
    pub const fn progressive_expiry(mut self, initial: Duration, factor: f64, max: Duration) -> Self {
        self.expiry = initial;
        self.progressive = Some((factor, max));
        self
    }

    /// Stretches or shrinks each open period by up to this fraction, so that a fleet does not probe
    /// at once. 0 to 1, default 0.
    ///
    /// By how much is another matter for each circuit, opening and process. On a
    /// [`ManualClock`](crate::ManualClock) it follows from the circuit's name and its changes of
    /// state alone, so that tests repeat.
    #[must_use]
    pub const fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = fraction;
        self
    }

    /// Probes in flight at once, reserved when they are admitted; how long each may hold its slot
    /// is said at [`half_open_timeout`](Self::half_open_timeout). 1 to
    /// [`MAX_COUNT`](Self::MAX_COUNT), default 1.
    #[must_use]
    pub const fn half_open_max_calls(mut self, n: u32) -> Self {
        self.half_open_max_calls = n;
        self
    }

    /// Probe successes that close the circuit. 1 to [`MAX_COUNT`](Self::MAX_COUNT), default 1.
    #[must_use]
    pub const fn success_threshold(mut self, n: u32) -> Self {
        self.success_threshold = n;
        self
    }

    /// Probe failures that open the circuit again. 1 to [`MAX_COUNT`](Self::MAX_COUNT), default 1.
    #[must_use]
    pub const fn half_open_failure_threshold(mut self, n: u32) -> Self {
        self.half_open_failure_threshold = n;
        self
    }

    /// The time that a probe has: one that has not come back after `limit` counts as failed, as of
    /// that instant. Above zero; not set by default. The change of state has the cause
    /// [`HalfOpenTimeout`](crate::Cause::HalfOpenTimeout). The totals do not count such a probe as
    /// a failure; once it comes back, they count it as late.
    ///
    /// Without it, a probe that has been out for the open period (that of the current opening,
    /// before jitter) gives its slot to another call, and its own result still counts if the
    /// circuit is in the same stay. So a dependency whose calls take longer than the expiry is used
    /// again, and a probe that never returns blocks nothing. Half-open as such has no limit.
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

    /// No half-open: the end of the open period closes the circuit. Off by default.
    #[must_use]
    pub const fn close_on_expiry(mut self) -> Self {
        self.close_on_expiry = true;
        self
    }

    /// What a dropped future, or a lost permit, counts as. [`Cancellation::Ignore`] by default.
    ///
    /// [`Cancellation::Failure`] is for calls that your own timeout gives up. On a server it is the clients who give up: a few that
    /// hang up would open a route for everybody.
    #[must_use]
    pub const fn on_cancel(mut self, cancellation: Cancellation) -> Self {
        self.on_cancel = cancellation;
        self
    }
}

impl Default for Policy {
    /// [`Policy::new`].
    fn default() -> Self {
        Self::new()
    }
}
