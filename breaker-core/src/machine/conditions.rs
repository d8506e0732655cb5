//! When a circuit opens: the policy's conditions, evaluated on plain counts.

use super::trigger::Trigger;
use crate::policy::Policy;

/// The first condition of the policy that holds.
#[inline]
pub(super) fn opens(policy: &Policy, failures_in_row: u32, tally: &Tally) -> Option<Trigger> {
    if policy.consecutive_failures.is_some_and(|n| failures_in_row >= n) {
        return Some(Trigger::ConsecutiveFailures);
    }
    opens_by_windows(&Limits::of(policy), tally)
}

/// The first condition over the windows that holds.
#[inline]
pub(crate) fn opens_by_windows(limits: &Limits, tally: &Tally) -> Option<Trigger> {
    if limits.failures_within_reached(tally) {
        Some(Trigger::FailuresWithin)
    } else if limits.failure_rate_reached(tally) {
        Some(Trigger::FailureRate)
    } else if limits.slow_call_rate_reached(tally) {
        Some(Trigger::SlowCallRate)
    } else {
        None
    }
}

/// The failures that count towards opening.
pub(crate) fn failure_count(policy: &Policy, failures_in_row: u32, tally: &Tally) -> u32 {
    if policy.consecutive_failures.is_some() {
        failures_in_row
    } else if policy.failures_within.is_some() {
        tally.failures_within
    } else {
        u32::try_from(tally.failures).unwrap_or(u32::MAX)
    }
}

/// The content of the windows at one moment.
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
    /// Failures ÷ calls; `None` below the minimum of calls.
    pub(crate) fn failure_rate(&self, limits: &Limits) -> Option<f64> {
        self.rate(self.failures, limits)
    }

    /// Slow calls ÷ calls; `None` below the minimum of calls.
    pub(crate) fn slow_call_rate(&self, limits: &Limits) -> Option<f64> {
        self.rate(self.slow, limits)
    }

    /// Whether a call in the window failed or was slow.
    pub(crate) const fn holds_something(&self) -> bool {
        self.failures > 0 || self.slow > 0
    }

    #[inline]
    fn rate(&self, part: u64, limits: &Limits) -> Option<f64> {
        (self.calls >= limits.minimum_calls).then(|| float(part) / float(self.calls))
    }
}

/// Counts of calls stay far below 2^53, up to which an f64 is exact. A signed number converts in a
/// single instruction.
#[inline]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)]
const fn float(count: u64) -> f64 {
    count as i64 as f64
}

/// The thresholds of a policy's conditions over its windows, in the form that is cheapest to
/// compare with. The threshold of a missing condition is never reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The policy has only conditions over windows, and every failure counts towards them.
    only_windows_matter: bool,
    failures_within: u32,
    /// 0 if there is no rate.
    minimum_calls: u64,
    failure_rate: f64,
    slow_call_rate: f64,
}

impl Limits {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            only_windows_matter: policy.consecutive_failures.is_none() && policy.debounce.is_zero(),
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
        self.is_rate_reached(tally.failures, self.failure_rate, tally)
    }

    /// Whether the rate of slow calls is known and reached.
    #[inline]
    pub(crate) fn slow_call_rate_reached(&self, tally: &Tally) -> bool {
        tally.slow > 0 && self.is_rate_reached(tally.slow, self.slow_call_rate, tally)
    }

    #[inline]
    fn is_rate_reached(&self, part: u64, limit: f64, tally: &Tally) -> bool {
        // Usually it is clearly below the limit, and then a product says so, which takes a third of
        // the time of a quotient. Rounding is a thousand times finer than this.
        let is_far_below = float(part) < limit * float(tally.calls) * (1.0 - 1e-12);
        !is_far_below && self.is_rate_exactly_reached(part, limit, tally)
    }

    /// Outlined, because the optimizer would divide in any case.
    #[inline(never)]
    fn is_rate_exactly_reached(&self, part: u64, limit: f64, tally: &Tally) -> bool {
        tally.rate(part, self).is_some_and(|rate| rate >= limit)
    }

    /// Whether there is a rate, and the window holds too few calls to compute it.
    #[inline]
    pub(crate) const fn is_below_minimum(&self, tally: &Tally) -> bool {
        tally.calls < self.minimum_calls
    }

    /// Whether a failure is only an entry in the windows until they reach a limit.
    #[inline]
    pub(crate) const fn only_windows_matter(&self) -> bool {
        self.only_windows_matter
    }

    /// Whether the next success may open the circuit. It could be the call that reaches the minimum
    /// while there are failures or slow calls in the window. Or a rate is already reached, because
    /// old successes have left the window since the last result.
    pub(crate) fn success_may_reach(&self, tally: &Tally) -> bool {
        let is_near =
            || self.is_below_minimum(tally) || self.failure_rate_reached(tally) || self.slow_call_rate_reached(tally);
        tally.holds_something() && is_near()
    }
}
