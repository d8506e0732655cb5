//! Breakers on a clock that only the test moves.

use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Policy};

pub(crate) const ONE: Policy = Policy::consecutive_failures(1);

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A breaker on a clock that only the test moves.
pub(crate) fn breaker(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("payment_api", policy, clock.clone()).expect("a valid policy");
    (breaker, clock)
}

/// A breaker that has opened and is now at its deadline: the next call is a probe.
pub(crate) fn half_open(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker(policy.expiry(seconds(30)));
    breaker.open();
    clock.advance(seconds(30));
    (breaker, clock)
}
