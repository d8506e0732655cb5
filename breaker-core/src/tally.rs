//! What the windows hold at one moment: plain counts, and the conditions over them.

use crate::policy::Policy;

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
    pub(crate) fn failure_rate(&self, policy: &Policy) -> Option<f64> {
        self.rate(self.failures, policy)
    }

    /// Slow calls ÷ calls, where enough calls are known.
    pub(crate) fn slow_call_rate(&self, policy: &Policy) -> Option<f64> {
        self.rate(self.slow, policy)
    }

    fn rate(&self, part: u64, policy: &Policy) -> Option<f64> {
        let known = policy.window().is_some() && self.calls >= u64::from(policy.rate_minimum());
        // Counts of calls stay far below the 2^53 that an f64 keeps exactly.
        #[allow(clippy::cast_precision_loss)]
        known.then(|| part as f64 / self.calls as f64)
    }

    /// Whether the failure rate is known and reached.
    pub(crate) fn failure_rate_reached(&self, policy: &Policy) -> bool {
        let Some((limit, _)) = policy.failure_rate else { return false };
        self.failure_rate(policy).is_some_and(|rate| rate >= limit)
    }

    /// Whether the rate of slow calls is known and reached.
    pub(crate) fn slow_call_rate_reached(&self, policy: &Policy) -> bool {
        let Some((limit, _, _)) = policy.slow_call_rate else { return false };
        self.slow_call_rate(policy).is_some_and(|rate| rate >= limit)
    }

    /// Whether there is a rate, and it is not known yet.
    pub(crate) fn below_minimum(&self, policy: &Policy) -> bool {
        policy.window().is_some() && self.calls < u64::from(policy.rate_minimum())
    }

    /// Whether the next success may open: it could be the call that reaches the minimum while the window holds something to judge;
    /// or a rate is reached already, because old successes have left the window since the last result was judged.
    pub(crate) fn success_may_open(&self, policy: &Policy) -> bool {
        let holds_something = self.failures > 0 || self.slow > 0;
        holds_something
            && (self.below_minimum(policy) || self.failure_rate_reached(policy) || self.slow_call_rate_reached(policy))
    }
}
