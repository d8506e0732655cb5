//! Totals: exact, and never going back.

use breaker_box::{Cancellation, CircuitBreaker, Outcome, Policy, Totals, Window};

use crate::support::{breaker, fail, fail_times, panic_in, seconds, succeed, succeed_times, take};

/// Successes, failures, ignored, rejected, slow, cancelled, panicked, late.
fn totals(breaker: &CircuitBreaker) -> [u64; 8] {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } =
        breaker.status().totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late]
}

#[test]
fn a_new_breaker_has_counted_nothing() {
    let (breaker, _) = breaker(Policy::new());
    assert_eq!(totals(&breaker), [0; 8]);
}

#[test]
fn each_kind_of_call_is_in_its_total() {
    let (breaker, _) = breaker(Policy::consecutive_failures(100));
    succeed_times(&breaker, 3);
    fail_times(&breaker, 2);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    drop(breaker.try_acquire().unwrap());
    assert_eq!(totals(&breaker), [3, 2, 1, 0, 0, 1, 0, 0]);
}

#[test]
fn a_rejection_is_only_a_rejection() {
    let (breaker, _) = breaker(Policy::new());
    breaker.open();
    succeed_times(&breaker, 3);
    assert_eq!(totals(&breaker), [0, 0, 0, 3, 0, 0, 0, 0]);
}

#[test]
fn rejections_of_a_forced_open_and_of_a_half_open_circuit_count() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.force_open();
    succeed(&breaker);
    breaker.open();
    clock.advance(seconds(30));
    let _probe = breaker.try_acquire().unwrap();
    succeed(&breaker);
    assert_eq!(totals(&breaker), [0, 0, 0, 2, 0, 0, 0, 0]);
}

#[test]
fn looking_is_no_rejection() {
    let (breaker, _) = breaker(Policy::new());
    breaker.open();
    assert!(!breaker.is_available());
    assert_eq!(totals(&breaker), [0; 8]);
}

#[test]
fn a_panic_is_also_a_failure() {
    let (breaker, _) = breaker(Policy::new());
    panic_in(&breaker, "boom");
    assert_eq!(totals(&breaker), [0, 1, 0, 0, 0, 0, 1, 0]);
}

#[test]
fn a_slow_call_is_also_a_success_or_a_failure() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    take(&breaker, &clock, seconds(3));
    assert_eq!(totals(&breaker), [1, 0, 0, 0, 1, 0, 0, 0]);
    let _ = breaker.call(|| {
        clock.advance(seconds(3));
        Err::<(), ()>(())
    });
    assert_eq!(totals(&breaker), [1, 1, 0, 0, 2, 0, 0, 0]);
}

#[test]
fn a_slow_call_that_is_ignored_is_only_ignored() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    breaker.call_with(|| clock.advance(seconds(3)), |()| Outcome::Ignore).unwrap();
    assert_eq!(totals(&breaker), [0, 0, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_slow_panic_is_slow_a_failure_and_a_panic() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    crate::support::panic_message(|| {
        breaker.call(|| -> Result<(), ()> {
            clock.advance(seconds(3));
            panic!("slow")
        })
    });
    assert_eq!(totals(&breaker), [0, 1, 0, 0, 1, 0, 1, 0]);
}

#[test]
fn a_cancellation_that_counts_as_failure_is_both() {
    let (breaker, _) = breaker(Policy::new().on_cancel(Cancellation::Failure));
    drop(breaker.try_acquire().unwrap());
    assert_eq!(totals(&breaker), [0, 1, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn a_late_result_is_only_late() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    let permit = breaker.try_acquire().unwrap();
    breaker.reset();
    clock.advance(seconds(3));
    permit.failure("late and slow");
    assert_eq!(totals(&breaker), [0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_debounced_failure_is_in_the_totals() {
    let (breaker, _) = breaker(Policy::new().debounce(seconds(60)));
    fail_times(&breaker, 4);
    assert_eq!(totals(&breaker), [0, 4, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn probes_are_in_the_totals() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    for _ in 0..3 {
        fail(&breaker);
        clock.advance(seconds(30));
    }
    succeed(&breaker);
    assert_eq!(totals(&breaker), [1, 3, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn metrics_only_adds_to_the_totals() {
    let (breaker, _) = breaker(Policy::new());
    breaker.metrics_only();
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(totals(&breaker), [1, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn nothing_takes_totals_back() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    fail(&breaker);
    succeed(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    let before = totals(&breaker);
    breaker.reset();
    breaker.close();
    breaker.disable();
    breaker.metrics_only();
    breaker.configure(Policy::failure_rate(0.5, Window::calls(10))).unwrap();
    breaker.reset();
    assert_eq!(totals(&breaker), before);
}
