//! Every order in which threads can take their steps, tried one by one, with the reorderings that the memory model allows.
//!
//! ```sh
//! RUSTFLAGS="--cfg breaker_loom" cargo test --profile schedules --package breaker-core --no-default-features --test schedules
//! ```
#![cfg(breaker_loom)]

use breaker_core::{CircuitBreaker, ManualClock, Policy, State};
use loom::thread;

#[test]
fn two_failures_at_threshold_two_open() {
    loom::model(|| {
        let policy = Policy::consecutive_failures(2);
        let breaker = CircuitBreaker::with_clock("payment_api", policy, ManualClock::new()).unwrap();
        let other = breaker.clone();
        let thread = thread::spawn(move || drop(other.call(|| Err::<(), _>(()))));
        drop(breaker.call(|| Err::<(), _>(())));
        thread.join().unwrap();
        assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Open, 2));
    });
}
