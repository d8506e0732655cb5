//! Ramp-up: the share of the calls that is admitted, how it ends, and what happens meanwhile.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, ManualClock, Outcome, Policy, State, Window};

use crate::support::{breaker, fail, half_open, seconds, succeed};

/// One failure opens for half a minute; a recovery takes a minute.
const RAMPED: Policy = Policy::consecutive_failures(1).ramp_up(seconds(60));

/// A breaker whose probe has just succeeded.
fn ramping_up(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = half_open(policy);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::RampingUp);
    (breaker, clock)
}

/// How many of so many calls are admitted.
fn admitted(breaker: &CircuitBreaker, calls: u32) -> u32 {
    let runs = (0..calls).filter(|_| breaker.call(|| Ok::<_, ()>(())).is_ok());
    u32::try_from(runs.count()).unwrap()
}

/// The rejection of a call outside the share.
fn rejection(breaker: &CircuitBreaker) -> CircuitOpenError {
    loop {
        if let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) {
            return open;
        }
    }
}

#[test]
fn the_probe_that_would_close_begins_it_and_keeps_the_openings() {
    let (breaker, _) = ramping_up(RAMPED);
    let status = breaker.status();
    assert_eq!((status.openings, status.failure_count, status.opened_at), (1, 0, None));
    assert_eq!((status.retry_after, status.ramp_up_left), (None, Some(seconds(60))));
    assert!((status.admitted_share.unwrap() - 0.1).abs() < 1e-9);
}

#[test]
fn after_n_calls_at_a_share_s_the_admitted_ones_are_n_times_s_rounded() {
    for share in [0.001, 0.01, 0.1, 0.25, 1.0 / 3.0, 0.5, 0.618, 0.9, 0.999, 1.0] {
        let (breaker, _) = ramping_up(RAMPED.ramp_up_from(share));
        let mut count = 0;
        for n in 1..=1_000 {
            count += admitted(&breaker, 1);
            let exact = f64::from(n) * share;
            assert!((exact.floor()..=exact.ceil()).contains(&f64::from(count)), "{count} of {n} at {share}");
        }
    }
}

#[test]
fn the_admitted_calls_are_spread_evenly_and_the_first_is_one_of_them() {
    let (breaker, _) = ramping_up(RAMPED.ramp_up_from(0.25));
    let calls: Vec<u32> = (0..12).map(|_| admitted(&breaker, 1)).collect();
    assert_eq!(calls, [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn the_share_grows_evenly() {
    let (breaker, clock) = ramping_up(RAMPED.ramp_up_from(0.25));
    for expected in [25, 50, 75] {
        assert_eq!(breaker.status().admitted_share, Some(f64::from(expected) / 100.0));
        assert_eq!(admitted(&breaker, 100), expected);
        clock.advance(seconds(20));
    }
    assert_eq!((breaker.state(), admitted(&breaker, 100)), (State::Closed, 100));
}

#[test]
fn while_the_share_grows_the_admitted_calls_are_the_sum_of_the_shares_rounded() {
    let (breaker, clock) = ramping_up(RAMPED);
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..5_999 {
        sum += breaker.status().admitted_share.unwrap();
        count += admitted(&breaker, 1);
        assert!((f64::from(count) - sum).abs() < 1.0 + 1e-6, "{count} of {sum}");
        clock.advance(Duration::from_millis(10));
    }
}

#[test]
fn threads_that_ask_at_once_get_exactly_the_share() {
    let (breaker, _) = ramping_up(RAMPED.ramp_up_from(0.3));
    let (barrier, count) = (Barrier::new(4), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..1_000 {
                    // Relaxed: the end of the scope orders it before the load.
                    count.fetch_add(u32::from(breaker.try_acquire().is_ok()), Ordering::Relaxed);
                }
            });
        }
    });
    // Relaxed: as above.
    assert_eq!(count.load(Ordering::Relaxed), 1_200);
    assert_eq!(breaker.status().totals.rejected, 2_800);
}

#[test]
fn a_rejection_says_that_it_ramps_up_and_knows_no_time() {
    let (breaker, _) = ramping_up(RAMPED);
    let open = rejection(&breaker);
    assert_eq!((open.state(), open.retry_after()), (State::RampingUp, None));
    assert_eq!(open.to_string(), "circuit `payment_api` is ramping up, and admits only some of the calls");
    assert_eq!(breaker.status().totals.rejected, 1);
}

#[test]
fn asking_whether_it_is_available_takes_nothing_from_the_share() {
    let (breaker, _) = ramping_up(RAMPED.ramp_up_from(0.5));
    for _ in 0..3 {
        assert!((0..5).all(|_| breaker.is_available()));
        assert_eq!(admitted(&breaker, 1), 1);
        assert!(!(0..5).any(|_| breaker.is_available()));
        assert_eq!(admitted(&breaker, 1), 0);
    }
}

#[test]
fn its_time_ends_it_and_forgets_the_openings() {
    let (breaker, clock) = ramping_up(RAMPED);
    clock.advance(Duration::from_nanos(59_999_999_999));
    assert_eq!(breaker.state(), State::RampingUp);
    clock.advance(Duration::from_nanos(1));
    let status = breaker.status();
    assert_eq!((status.state, status.openings), (State::Closed, 0));
    assert_eq!((status.admitted_share, status.ramp_up_left), (None, None));
}

#[test]
fn its_end_keeps_the_counts() {
    let (breaker, clock) = ramping_up(Policy::consecutive_failures(3).ramp_up(seconds(60)).ramp_up_from(1.0));
    fail(&breaker);
    fail(&breaker);
    clock.advance(seconds(60));
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 2));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_failure_meanwhile_opens_again_with_one_more_opening() {
    let (breaker, clock) = breaker(RAMPED.progressive_expiry(seconds(30), 2.0, seconds(300)));
    breaker.open();
    clock.advance(seconds(30));
    succeed(&breaker);
    clock.advance(seconds(10));
    fail(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 2, Some(seconds(60))));
    assert_eq!(status.totals.opened, 2);
}

#[test]
fn a_success_keeps_the_openings_and_clears_the_failures_in_a_row() {
    let (breaker, _) = ramping_up(Policy::consecutive_failures(2).ramp_up(seconds(60)).ramp_up_from(1.0));
    fail(&breaker);
    succeed(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.failure_count), (State::RampingUp, 1, 0));
}

#[test]
fn a_trip_opens_again_for_its_time() {
    let (breaker, _) = ramping_up(RAMPED);
    breaker.try_acquire().unwrap().settle(Outcome::trip_for(seconds(7)));
    assert_eq!((breaker.state(), breaker.status().retry_after), (State::Open, Some(seconds(7))));
}

#[test]
fn rates_are_judged_on_the_calls_since_its_beginning() {
    for window in [Window::calls(10), Window::time(seconds(600))] {
        let policy = Policy::failure_rate(0.5, window).minimum_calls(4).ramp_up(seconds(60)).ramp_up_from(1.0);
        let (breaker, clock) = ramping_up(policy);
        assert_eq!(breaker.status().window.calls, 0, "{policy}");
        succeed(&breaker);
        succeed(&breaker);
        fail(&breaker);
        // In the same windows before and after the end.
        clock.advance(seconds(60));
        assert_eq!((breaker.state(), breaker.status().window.calls), (State::Closed, 3), "{policy}");
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "{policy}");
    }
}

#[test]
fn failures_within_a_time_are_counted() {
    let policy = Policy::failures_within(2, seconds(600)).ramp_up(seconds(60)).ramp_up_from(1.0);
    let (breaker, _) = ramping_up(policy);
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::RampingUp, 1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_calls_are_counted() {
    let policy = Policy::slow_call_rate(1.0, seconds(1), Window::calls(2)).ramp_up(seconds(60)).ramp_up_from(1.0);
    let (breaker, clock) = ramping_up(policy);
    for _ in 0..2 {
        let permit = breaker.try_acquire().unwrap();
        clock.advance(seconds(2));
        permit.success();
    }
    assert_eq!((breaker.state(), breaker.status().totals.slow), (State::Open, 2));
}

#[test]
fn reports_act_on_it_as_calls_do_and_take_nothing_from_the_share() {
    let (breaker, _) = ramping_up(RAMPED);
    breaker.record_success();
    assert!(breaker.is_available());
    breaker.record_failure("unreachable");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_probe_that_returns_after_another_has_begun_it_is_late() {
    let (breaker, _) = half_open(RAMPED.half_open_max_calls(2));
    let (first, second) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    first.success();
    second.failure("late");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::RampingUp, 1));
}

#[test]
fn a_call_that_is_admitted_in_it_and_returns_after_it_is_late() {
    let (breaker, clock) = ramping_up(RAMPED);
    let permit = breaker.try_acquire().unwrap();
    clock.advance(seconds(60));
    permit.failure("late");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));
}

#[test]
fn a_call_that_is_admitted_before_it_opens_again_is_late() {
    let (breaker, _) = ramping_up(RAMPED.ramp_up_from(1.0));
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    permit.success();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 1));
}

#[test]
fn orders_close_at_once() {
    let (breaker, _) = ramping_up(RAMPED);
    breaker.close();
    assert_eq!((breaker.state(), breaker.status().openings, admitted(&breaker, 100)), (State::Closed, 1, 100));
    let (breaker, _) = ramping_up(RAMPED);
    breaker.reset();
    assert_eq!((breaker.state(), breaker.status().openings, admitted(&breaker, 100)), (State::Closed, 0, 100));
    let (breaker, _) = half_open(RAMPED);
    breaker.close();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn the_longest_ramp_up_begins_at_its_share_and_never_ends() {
    let (breaker, clock) = ramping_up(RAMPED.ramp_up(Duration::MAX).ramp_up_from(0.5));
    assert_eq!((breaker.status().admitted_share, breaker.status().ramp_up_left), (Some(0.5), None));
    assert_eq!(admitted(&breaker, 100), 50);
    clock.advance(Duration::MAX);
    assert_eq!((breaker.state(), admitted(&breaker, 100)), (State::RampingUp, 100));
}

#[test]
fn the_shortest_ramp_up_is_over_a_nanosecond_later() {
    let (breaker, clock) = ramping_up(RAMPED.ramp_up(Duration::from_nanos(1)));
    assert_eq!(admitted(&breaker, 10), 1);
    clock.advance(Duration::from_nanos(1));
    assert_eq!((admitted(&breaker, 10), breaker.state()), (10, State::Closed));
}

mod after_an_expiry {
    use super::*;

    /// A breaker that is open until second 30, and then closes gradually.
    fn open(policy: Policy) -> (CircuitBreaker, ManualClock) {
        let (breaker, clock) = breaker(policy.close_on_expiry());
        fail(&breaker);
        (breaker, clock)
    }

    #[test]
    fn it_began_at_the_deadline_however_late_that_is_seen() {
        let (breaker, clock) = open(RAMPED.ramp_up_from(0.5));
        clock.advance(seconds(30 + 30));
        assert_eq!((breaker.state(), breaker.status().admitted_share), (State::RampingUp, Some(0.75)));
        assert_eq!(breaker.status().openings, 1);
        assert_eq!(admitted(&breaker, 100), 75);
        clock.advance(seconds(30));
        assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 0));
    }

    #[test]
    fn it_is_over_if_the_expiry_is_seen_later_than_its_end() {
        let (breaker, clock) = open(RAMPED);
        clock.advance(seconds(30 + 60));
        assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 0));
        assert_eq!(admitted(&breaker, 100), 100);
    }

    #[test]
    fn it_clears_the_debounce() {
        let (breaker, clock) = open(RAMPED.debounce(seconds(3_600)));
        clock.advance(seconds(30));
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open);
    }
}

mod a_new_policy {
    use super::*;

    #[test]
    fn that_is_shorter_or_longer_goes_on_from_the_same_beginning() {
        for (period, left, share, of_a_thousand) in [(40, 10, 0.875, 875), (120, 90, 0.625, 625)] {
            let (breaker, clock) = ramping_up(RAMPED.ramp_up_from(0.5));
            clock.advance(seconds(30));
            breaker.configure(RAMPED.ramp_up(seconds(period)).ramp_up_from(0.5)).unwrap();
            let status = breaker.status();
            assert_eq!((status.state, status.admitted_share), (State::RampingUp, Some(share)));
            assert_eq!(status.ramp_up_left, Some(seconds(left)));
            assert_eq!(admitted(&breaker, 1_000), of_a_thousand);
        }
    }

    #[test]
    fn with_another_first_share_applies_at_once() {
        let (breaker, _) = ramping_up(RAMPED.ramp_up_from(0.5));
        assert_eq!(admitted(&breaker, 100), 50);
        breaker.configure(RAMPED.ramp_up_from(0.25)).unwrap();
        assert_eq!(admitted(&breaker, 100), 25);
    }

    #[test]
    fn whose_ramp_up_would_be_over_or_without_one_ends_it_at_once() {
        for policy in [RAMPED.ramp_up(seconds(30)), Policy::consecutive_failures(1)] {
            let (breaker, clock) = ramping_up(RAMPED);
            clock.advance(seconds(30));
            breaker.configure(policy).unwrap();
            assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 0));
            assert_eq!(admitted(&breaker, 100), 100);
        }
    }

    #[test]
    fn with_a_ramp_up_begins_none_in_a_closed_circuit() {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        breaker.configure(RAMPED).unwrap();
        assert_eq!((breaker.state(), admitted(&breaker, 100)), (State::Closed, 100));
    }

    #[test]
    fn after_the_end_of_the_time_comes_too_late_to_change_it() {
        let (breaker, clock) = ramping_up(RAMPED);
        clock.advance(seconds(60));
        breaker.configure(RAMPED.ramp_up(seconds(600))).unwrap();
        assert_eq!(breaker.state(), State::Closed);
    }
}
