//! When a circuit opens, for how long, and how it recovers.

mod backoff;
mod cancellation;
mod derived;
mod display;
mod error;
mod invalid;
mod setters;
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
/// Setters do not validate; everything that takes a policy does. See [`validate`](Self::validate).
///
/// The circuit opens as soon as any of its conditions holds. Conditions are evaluated at each
/// counted result. That may be a success: it can be the call that reaches the minimum number of
/// calls.
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
    pub(crate) hung_calls: Option<(u32, Duration)>,
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
    pub(crate) ramp_up: Option<Duration>,
    pub(crate) ramp_up_from: f64,
    pub(crate) on_cancel: Cancellation,
    pub(crate) fail_slower_than: Option<Duration>,
    pub(crate) max_trip: Duration,
}

/// # Constructors: the first condition
impl Policy {
    /// The highest count that any setter accepts: ten million.
    pub const MAX_COUNT: u32 = 10_000_000;

    /// The default policy: five failures in a row open the circuit for 30 seconds, and then a
    /// single probe decides whether it closes.
    #[must_use]
    pub const fn new() -> Self {
        Self::consecutive_failures(5)
    }

    /// Opens after `n` failures in a row; a success clears the count. `n` is 1 to
    /// [`MAX_COUNT`](Self::MAX_COUNT), and 5 in [`new`](Self::new).
    #[must_use]
    pub const fn consecutive_failures(n: u32) -> Self {
        Self::without_conditions().or_consecutive_failures(n)
    }

    /// Opens when `n` failures occur within `window`. A failure leaves the window when it is
    /// exactly `window` old. Successes do not clear failures.
    ///
    /// `n` is 1 to [`MAX_COUNT`](Self::MAX_COUNT). Up to 1,024 each failure is timed exactly; above
    /// that, failures are kept in ten buckets. `window` is above zero; `Duration::MAX` means since
    /// the last reset.
    #[must_use]
    pub const fn failures_within(n: u32, window: Duration) -> Self {
        Self::without_conditions().or_failures_within(n, window)
    }

    /// Opens when the failure rate in `window` (failures ÷ calls) reaches `rate` and the window
    /// holds at least [`minimum_calls`](Self::minimum_calls).
    ///
    /// `rate` is above 0 and at most 1.
    #[must_use]
    pub const fn failure_rate(rate: f64, window: Window) -> Self {
        Self::without_conditions().or_failure_rate(rate, window)
    }

    /// Opens when the slow-call rate in `window` (calls that took longer than `longer_than` ÷
    /// calls) reaches `rate` and the window holds at least [`minimum_calls`](Self::minimum_calls).
    ///
    /// A call is slow if it took strictly longer, whether it succeeded or failed. `rate` is above 0
    /// and at most 1; `longer_than` is above zero.
    #[must_use]
    pub const fn slow_call_rate(rate: f64, longer_than: Duration, window: Window) -> Self {
        Self::without_conditions().or_slow_call_rate(rate, longer_than, window)
    }

    /// Opens when `n` calls are hung: each has been in flight for `longer_than` since its
    /// admission, and none has returned. A dependency that accepts calls and never answers gives no
    /// result that another condition could count.
    ///
    /// The circuit opens at the instant at which the `n`-th call becomes hung, whoever looks first,
    /// with the cause [`HungCalls`](crate::Cause::HungCalls). Only calls that were admitted since
    /// the circuit entered its state count; a probe counts even if it no longer holds a slot. A
    /// call that finishes, whatever its result, is no longer hung. One that is dropped has
    /// finished; a permit that is leaked with [`forget`](std::mem::forget) hangs for ever.
    ///
    /// While nothing happens, nobody looks: a [sweeper](crate::Registry::spawn_sweeper) reports
    /// such an opening soon. A new policy knows the calls that were admitted under one with this
    /// condition. If enough of them are hung by its own limits, the circuit opens as of the change.
    ///
    /// Such a policy makes each call take the circuit's lock twice. [`Status::in_flight`] tells how
    /// many calls are in flight, and how many of them are hung.
    ///
    /// [`Status::in_flight`]: crate::Status::in_flight
    ///
    /// `n` is 1 to [`MAX_COUNT`](Self::MAX_COUNT); `longer_than` is above zero.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
    ///
    /// let clock = ManualClock::new();
    /// let policy = Policy::hung_calls(2, Duration::from_secs(10));
    /// let breaker = CircuitBreaker::with_clock("search", policy, clock.clone())?;
    /// let calls = [breaker.try_acquire()?, breaker.try_acquire()?];
    /// clock.advance(Duration::from_secs(10));
    /// assert_eq!(breaker.state(), State::Open);
    /// # drop(calls);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub const fn hung_calls(n: u32, longer_than: Duration) -> Self {
        Self::without_conditions().or_hung_calls(n, longer_than)
    }

    const fn without_conditions() -> Self {
        Self {
            consecutive_failures: None,
            failures_within: None,
            failure_rate: None,
            slow_call_rate: None,
            hung_calls: None,
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
            ramp_up: None,
            ramp_up_from: 0.1,
            on_cancel: Cancellation::Ignore,
            fail_slower_than: None,
            max_trip: Duration::from_secs(3_600),
        }
    }
}

/// # Further conditions: any of them opens
impl Policy {
    /// Also opens after `n` failures in a row; see
    /// [`consecutive_failures`](Self::consecutive_failures).
    #[must_use]
    pub const fn or_consecutive_failures(mut self, n: u32) -> Self {
        self.consecutive_failures = Some(n);
        self
    }

    /// Also opens at `n` failures within `window`; see [`failures_within`](Self::failures_within).
    #[must_use]
    pub const fn or_failures_within(mut self, n: u32, window: Duration) -> Self {
        self.failures_within = Some((n, window));
        self
    }

    /// Also opens at a failure rate; see [`failure_rate`](Self::failure_rate). Both rates must use
    /// the same window.
    #[must_use]
    pub const fn or_failure_rate(mut self, rate: f64, window: Window) -> Self {
        self.failure_rate = Some((rate, window));
        self
    }

    /// Also opens at a slow-call rate; see [`slow_call_rate`](Self::slow_call_rate). Both rates
    /// must use the same window.
    #[must_use]
    pub const fn or_slow_call_rate(mut self, rate: f64, longer_than: Duration, window: Window) -> Self {
        self.slow_call_rate = Some((rate, longer_than, window));
        self
    }

    /// Also opens when `n` calls are hung; see [`hung_calls`](Self::hung_calls).
    #[must_use]
    pub const fn or_hung_calls(mut self, n: u32, longer_than: Duration) -> Self {
        self.hung_calls = Some((n, longer_than));
        self
    }
}

impl Default for Policy {
    /// [`Policy::new`].
    fn default() -> Self {
        Self::new()
    }
}
