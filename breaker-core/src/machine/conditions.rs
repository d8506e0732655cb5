//! What the windows hold at one moment: plain counts, and the conditions over them.

use crate::policy::{Policy, Window};

/// The counts that a policy's conditions are judged on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Calls, failures and slow calls in the window of the rates.
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
    /// Failures in the window of `failures_within`.
    pub(crate) failures_within: u32,
}

impl Tally {
    /// Failures ÷ calls, where enough calls are known.
    pub(crate) fn failure_rate(&self, limits: &Limits) -> Option<f64> {
        self.rate(self.failures, limits)
    }

    /// Slow calls ÷ calls, where enough calls are known.
    pub(crate) fn slow_call_rate(&self, limits: &Limits) -> Option<f64> {
        self.rate(self.slow, limits)
    }

    #[inline]
    fn rate(&self, part: u64, limits: &Limits) -> Option<f64> {
        (self.calls >= limits.minimum_calls).then(|| float(part) / float(self.calls))
    }
}

/// Counts of calls stay far below the 2^53 that an f64 keeps exactly; a signed number becomes one
/// in a single instruction.
#[inline]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)]
const fn float(count: u64) -> f64 {
    count as i64 as f64
}

/// The thresholds of a policy's conditions over its windows, as they are quickest to compare with:
/// what the policy does not ask for is out of reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The policy has no condition but those over the windows, and lets them count every failure.
    alone: bool,
    /// A window is one of time.
    timed: bool,
    failures_within: u32,
    /// 0 where there is no rate.
    minimum_calls: u64,
    failure_rate: f64,
    slow_call_rate: f64,
}

impl Limits {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            alone: policy.consecutive_failures.is_none() && policy.debounce.is_zero(),
            timed: policy.failures_within.is_some() || policy.window().is_some_and(Window::is_of_time),
            failures_within: policy.failures_within.map_or(u32::MAX, |(n, _)| n),
            minimum_calls: policy.window().map_or(0, |_| policy.rate_minimum().into()),
            failure_rate: policy.failure_rate.map_or(f64::INFINITY, |(rate, _)| rate),
            slow_call_rate: policy.slow_call_rate.map_or(f64::INFINITY, |(rate, _, _)| rate),
        }
    }

    #[inline]
    pub(crate) const fn failures_within_reached(&self, tally: &Tally) -> bool {
        tally.failures_within >= self.failures_within
    }

    /// Whether the failure rate is known and reached.
    #[inline]
    pub(crate) fn failure_rate_reached(&self, tally: &Tally) -> bool {
        tally.failure_rate(self).is_some_and(|rate| rate >= self.failure_rate)
    }

    /// Whether the rate of slow calls is known and reached.
    #[inline]
    pub(crate) fn slow_call_rate_reached(&self, tally: &Tally) -> bool {
        // Asked first because it spares most the division.
        tally.slow > 0 && tally.slow_call_rate(self).is_some_and(|rate| rate >= self.slow_call_rate)
    }

    /// Whether there is a rate, and it is not known yet.
    #[inline]
    pub(crate) const fn is_below_minimum(&self, tally: &Tally) -> bool {
        tally.calls < self.minimum_calls
    }

    /// Whether a failure is nothing but an entry in the windows, until they reach a limit.
    #[inline]
    pub(crate) const fn only_windows_matter(&self) -> bool {
        self.alone
    }

    /// Whether what lies in the windows depends on the time.
    #[inline]
    pub(crate) const fn is_time_based(&self) -> bool {
        self.timed
    }

    /// Whether the next success may open: it could be the call that reaches the minimum while the
    /// window holds something to judge; or a rate is reached already, because old successes have
    /// left the window since the last result was judged.
    pub(crate) fn success_may_reach(&self, tally: &Tally) -> bool {
        let holds_something = tally.failures > 0 || tally.slow > 0;
        let is_near =
            || self.is_below_minimum(tally) || self.failure_rate_reached(tally) || self.slow_call_rate_reached(tally);
        holds_something && is_near()
    }
}
