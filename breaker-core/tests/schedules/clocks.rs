//! A clock that is a function, which steps back while threads read it without a lock.

use std::collections::BTreeSet;
use std::sync::Arc;

use breaker_core::{CircuitBreaker, Clock, Policy};
use loom::sync::atomic::{AtomicU64, Ordering};

use crate::support::{outcomes, seconds, together, with};

/// The seconds left, as the fast rejection tells them; `None` for a call that is admitted.
fn left(breaker: &CircuitBreaker) -> Option<u64> {
    let open = breaker.try_acquire().err()?;
    open.retry_after().map(|wait| wait.as_secs())
}

// Seen to fail when the step is added to the offset without comparing, because two threads that
// notice the same step then both add it.
#[test]
fn a_step_back_is_made_up_for_once() {
    let seen = outcomes(|| {
        let reading = Arc::new(AtomicU64::new(10_000));
        let clock = Clock::from_fn({
            let reading = Arc::clone(&reading);
            // Relaxed: the clock itself has to see to the order.
            move || seconds(reading.load(Ordering::Relaxed))
        });
        let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), clock).expect("a valid policy");
        breaker.open_for(seconds(30));
        let steps_back = {
            let reading = Arc::clone(&reading);
            with(&breaker, move |breaker: &CircuitBreaker| {
                reading.store(5, Ordering::Relaxed);
                left(breaker)
            })
        };
        let during = together([steps_back, with(&breaker, left)]);
        reading.store(15, Ordering::Relaxed);
        (during, left(&breaker))
    });
    assert_eq!(seen, BTreeSet::from([(vec![Some(30), Some(30)], Some(20))]));
}
