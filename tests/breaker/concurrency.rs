//! Many threads at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use breaker_box::{CircuitBreaker, Outcome, Permit, Policy, State, Window};

use crate::support::{breaker, fail, half_open, seconds, succeed};

/// Runs `work` on so many threads, released together.
fn together(threads: usize, work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for number in 0..threads {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

#[test]
fn as_many_concurrent_failures_as_the_threshold_always_open() {
    let policies = [
        Policy::consecutive_failures(20),
        Policy::failures_within(20, seconds(60)),
        Policy::failure_rate(1.0, Window::calls(20)),
        Policy::failure_rate(1.0, Window::time(seconds(60))).minimum_calls(20),
    ];
    for policy in policies {
        for _ in 0..20 {
            let (breaker, _) = breaker(policy);
            together(20, |_| fail(&breaker));
            assert_eq!(breaker.state(), State::Open, "{policy}");
        }
    }
}

#[test]
fn concurrent_failures_in_flight_at_once_always_open() {
    for _ in 0..50 {
        let (breaker, _) = breaker(Policy::consecutive_failures(20));
        let permits: Mutex<Vec<Permit>> = Mutex::new((0..20).map(|_| breaker.try_acquire().unwrap()).collect());
        together(20, |_| {
            let permit = permits.lock().unwrap().pop().unwrap();
            permit.failure("together");
        });
        assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Open, 20));
    }
}

#[test]
fn one_failure_below_the_threshold_never_opens() {
    for _ in 0..20 {
        let (breaker, _) = breaker(Policy::consecutive_failures(20));
        together(19, |_| fail(&breaker));
        assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 19));
    }
}

#[test]
fn of_fifty_concurrent_probes_one_is_admitted() {
    for _ in 0..20 {
        let (breaker, _) = half_open(Policy::new());
        let ran = AtomicU32::new(0);
        let all_asked = Barrier::new(50);
        together(50, |_| {
            let permit = breaker.try_acquire();
            all_asked.wait();
            if let Ok(permit) = permit {
                ran.fetch_add(1, Ordering::Relaxed);
                permit.success();
            }
        });
        assert_eq!((ran.into_inner(), breaker.status().totals.rejected), (1, 49));
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn of_fifty_concurrent_probes_as_many_as_allowed_are_admitted() {
    let (breaker, _) = half_open(Policy::new().half_open_max_calls(7));
    let permits = Mutex::new(Vec::new());
    together(50, |_| {
        if let Ok(permit) = breaker.try_acquire() {
            permits.lock().unwrap().push(permit);
        }
    });
    assert_eq!(permits.lock().unwrap().len(), 7);
}

#[test]
fn one_of_many_concurrent_failures_opens_once() {
    for _ in 0..20 {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        together(8, |_| fail(&breaker));
        assert_eq!(breaker.status().openings, 1);
    }
}

#[test]
fn totals_add_up_over_many_threads() {
    const CALLS: u64 = 2_000;
    let (breaker, _) = breaker(Policy::consecutive_failures(1_000_000));
    together(8, |_| {
        for number in 0..CALLS {
            let outcome = match number % 4 {
                0 | 1 => Outcome::Success,
                2 => Outcome::failure(),
                _ => Outcome::Ignore,
            };
            breaker.call_with(|| (), |()| outcome).unwrap();
        }
    });
    let totals = breaker.status().totals;
    assert_eq!((totals.successes, totals.failures, totals.ignored), (8 * CALLS / 2, 8 * CALLS / 4, 8 * CALLS / 4));
}

/// Every call and what became of it, while the circuit opens, expires and closes under them.
fn every_call_is_in_one_total(policy: Policy) {
    const CALLS: u64 = 1_000;
    let (breaker, clock) = breaker(policy);
    let rejected = AtomicU32::new(0);
    together(6, |thread| {
        for number in 0..CALLS {
            match breaker.try_acquire() {
                Ok(permit) if number % 3 == 0 => permit.failure("now and then"),
                Ok(permit) => permit.success(),
                Err(_) => {
                    rejected.fetch_add(1, Ordering::Relaxed);
                }
            }
            if thread == 0 && number % 10 == 0 {
                clock.advance(seconds(7));
            }
        }
    });
    let totals = breaker.status().totals;
    assert_eq!(totals.rejected, u64::from(rejected.into_inner()));
    assert_eq!(totals.successes + totals.failures + totals.late + totals.rejected, 6 * CALLS);
}

#[test]
fn every_call_is_in_one_total_while_the_circuit_opens_and_closes() {
    every_call_is_in_one_total(Policy::consecutive_failures(3));
}

#[test]
fn every_call_is_in_one_total_with_windows_of_calls() {
    every_call_is_in_one_total(Policy::failure_rate(0.4, Window::calls(10)).minimum_calls(5));
}

#[test]
fn every_call_is_in_one_total_with_windows_of_time() {
    let window = Window::time(seconds(60));
    every_call_is_in_one_total(Policy::failure_rate(0.4, window).or_slow_call_rate(0.5, seconds(20), window));
}

#[test]
fn totals_add_up_while_states_and_policies_change_under_traffic() {
    const CALLS: u64 = 1_000;
    let (breaker, _) = breaker(Policy::new());
    together(4, |thread| {
        for number in 0..CALLS {
            if thread == 0 {
                order(&breaker, number);
            } else if let Ok(permit) = breaker.try_acquire() {
                permit.settle(number % 2 == 0);
            }
        }
    });
    let totals = breaker.status().totals;
    assert_eq!(totals.successes + totals.failures + totals.late + totals.rejected, 3 * CALLS);
}

fn order(breaker: &CircuitBreaker, number: u64) {
    match number % 6 {
        0 => breaker.open(),
        1 => breaker.close(),
        2 => assert!(breaker.configure(Policy::failure_rate(0.5, Window::calls(7))).is_ok()),
        3 => breaker.metrics_only(),
        4 => breaker.reset(),
        _ => assert!(breaker.configure(Policy::consecutive_failures(3).debounce(seconds(1))).is_ok()),
    }
}

#[test]
fn a_breaker_recovers_after_all_of_that() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(3));
    together(4, |_| {
        for number in 0..200 {
            order(&breaker, number);
            fail(&breaker);
        }
    });
    breaker.configure(Policy::consecutive_failures(1)).unwrap();
    breaker.open();
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_call_may_use_its_own_breaker() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    let inner = breaker.call(|| {
        fail(&breaker);
        Ok::<_, ()>(breaker.state())
    });
    assert_eq!(inner.unwrap(), State::Open);
}

#[test]
fn a_blocked_call_blocks_no_other() {
    let (breaker, _) = breaker(Policy::new());
    let _blocked = breaker.try_acquire().unwrap();
    let other = breaker.clone();
    thread::spawn(move || succeed(&other)).join().unwrap();
    assert_eq!(breaker.status().totals.successes, 1);
}

#[test]
fn a_classifier_may_use_its_own_breaker() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    breaker
        .call_with(
            || (),
            |()| {
                fail(&breaker);
                Outcome::Success
            },
        )
        .unwrap();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 1));
}
