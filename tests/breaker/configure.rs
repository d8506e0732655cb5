//! A policy swapped while the circuit lives.

use std::collections::HashSet;
use std::time::Duration;

use breaker_box::{Policy, State, Window};

use crate::support::{breaker, fail, fail_times, half_open, runs, seconds, succeed, succeed_times, take};

#[test]
fn the_new_policy_is_in_force() {
    let (breaker, _) = breaker(Policy::new());
    let policy = Policy::consecutive_failures(2).expiry(seconds(7));
    breaker.configure(policy).unwrap();
    assert_eq!((breaker.policy(), breaker.status().policy), (policy, policy));
    fail_times(&breaker, 2);
    assert_eq!(breaker.status().retry_after, Some(seconds(7)));
}

#[test]
fn every_clone_sees_the_new_policy() {
    let (breaker, _) = breaker(Policy::new());
    let other = breaker.clone();
    breaker.configure(Policy::consecutive_failures(1)).unwrap();
    fail(&other);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_in_a_row_stay() {
    let (breaker, _) = breaker(Policy::consecutive_failures(5));
    fail_times(&breaker, 3);
    breaker.configure(Policy::consecutive_failures(4)).unwrap();
    assert_eq!(breaker.status().failure_count, 3);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_lowered_threshold_opens_at_the_next_failure_and_not_by_itself() {
    let (breaker, _) = breaker(Policy::consecutive_failures(5));
    fail_times(&breaker, 4);
    breaker.configure(Policy::consecutive_failures(2)).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_open_circuit_stays_open() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    fail(&breaker);
    clock.advance(seconds(10));
    breaker.configure(Policy::consecutive_failures(9)).unwrap();
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 1, Some(seconds(20))));
}

#[test]
fn a_half_open_circuit_keeps_its_probes() {
    let (breaker, _) = half_open(Policy::new().success_threshold(3));
    succeed(&breaker);
    let probe = breaker.try_acquire().unwrap();
    breaker.configure(Policy::new().success_threshold(2)).unwrap();
    assert_eq!((breaker.state(), breaker.is_available()), (State::HalfOpen, false));
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn manual_states_stay() {
    for (enter, state) in [
        ((|breaker| breaker.force_open()) as fn(&breaker_box::CircuitBreaker), State::ForcedOpen),
        (|breaker| breaker.disable(), State::Disabled),
        (|breaker| breaker.metrics_only(), State::MetricsOnly),
    ] {
        let (breaker, _) = breaker(Policy::new());
        enter(&breaker);
        breaker.configure(Policy::consecutive_failures(1)).unwrap();
        assert_eq!(breaker.state(), state);
    }
}

#[test]
fn a_rate_window_that_stays_the_same_keeps_its_calls() {
    let window = Window::calls(10);
    let (breaker, _) = breaker(Policy::failure_rate(0.9, window).minimum_calls(4));
    succeed_times(&breaker, 2);
    fail_times(&breaker, 2);
    breaker.configure(Policy::failure_rate(0.5, window).minimum_calls(4)).unwrap();
    let status = breaker.status();
    assert_eq!((status.state, status.window.calls, status.window.failures), (State::Closed, 4, 2));
}

#[test]
fn a_kept_rate_is_evaluated_by_the_new_policy_at_the_next_result() {
    let window = Window::calls(10);
    let (breaker, _) = breaker(Policy::failure_rate(0.9, window).minimum_calls(4));
    succeed(&breaker);
    fail_times(&breaker, 3);
    breaker.configure(Policy::failure_rate(0.5, window).minimum_calls(4)).unwrap();
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open, "3 of 5");
}

#[test]
fn failures_within_a_window_stay_when_only_their_number_changes() {
    let (breaker, _) = breaker(Policy::failures_within(5, seconds(60)));
    fail_times(&breaker, 3);
    breaker.configure(Policy::failures_within(9, seconds(60))).unwrap();
    assert_eq!(breaker.status().failure_count, 3);
}

#[test]
fn failures_within_a_window_stay_when_their_number_grows_past_the_exact_ones() {
    let (breaker, _) = breaker(Policy::failures_within(5, seconds(60)));
    fail_times(&breaker, 3);
    breaker.configure(Policy::failures_within(2_000, seconds(60))).unwrap();
    assert_eq!(breaker.status().failure_count, 3);
}

#[test]
fn failures_within_a_window_stay_when_it_becomes_endless() {
    let (breaker, _) = breaker(Policy::failures_within(5, seconds(60)));
    fail_times(&breaker, 3);
    breaker.configure(Policy::failures_within(5, Duration::MAX)).unwrap();
    assert_eq!(breaker.status().failure_count, 3);
}

#[test]
fn failures_within_a_shorter_window_are_those_that_lie_in_it() {
    let (breaker, clock) = breaker(Policy::failures_within(5, seconds(60)));
    fail(&breaker);
    clock.advance(seconds(30));
    fail(&breaker);
    breaker.configure(Policy::failures_within(5, seconds(10))).unwrap();
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn a_condition_that_is_new_begins_at_zero() {
    let (breaker, _) = breaker(Policy::failures_within(5, seconds(60)));
    fail_times(&breaker, 3);
    breaker.configure(Policy::consecutive_failures(2)).unwrap();
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 1));
}

#[test]
fn a_window_that_is_new_begins_empty() {
    let (breaker, _) = breaker(Policy::new());
    succeed_times(&breaker, 50);
    breaker.configure(Policy::failure_rate(0.5, Window::calls(10))).unwrap();
    assert_eq!(breaker.status().window.calls, 0);
    fail_times(&breaker, 9);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_calls_count_from_then_on() {
    let (breaker, clock) = breaker(Policy::new());
    take(&breaker, &clock, seconds(3));
    breaker.configure(Policy::slow_call_rate(1.0, seconds(2), Window::calls(2))).unwrap();
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.status().window.slow, 1);
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_call_in_flight_is_settled_by_the_new_policy() {
    let (breaker, _) = breaker(Policy::consecutive_failures(5));
    let permit = breaker.try_acquire().unwrap();
    breaker.configure(Policy::consecutive_failures(1)).unwrap();
    permit.failure("judged by the new one");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn totals_and_metadata_stay() {
    let (breaker, _) = breaker(Policy::new());
    breaker.set_metadata("team", "payments").unwrap();
    fail(&breaker);
    succeed(&breaker);
    let before = breaker.status();
    breaker.configure(Policy::failure_rate(0.5, Window::time(seconds(10)))).unwrap();
    let after = breaker.status();
    assert_eq!((after.totals, after.metadata), (before.totals, before.metadata));
}

#[test]
fn the_debounce_counts_from_the_last_counted_failure() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(5));
    fail(&breaker);
    breaker.configure(Policy::consecutive_failures(5).debounce(seconds(10))).unwrap();
    clock.advance(seconds(10));
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.status().failure_count, 2);
}

#[test]
fn a_rejected_policy_changes_nothing() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    fail(&breaker);
    let before = breaker.status();
    assert!(breaker.configure(Policy::new().jitter(f64::NAN)).is_err());
    assert_eq!(breaker.status(), before);
    assert!(runs(&breaker));
}

#[test]
fn a_new_policy_is_evaluated_at_the_next_result_only() {
    let window = Window::calls(4);
    let (breaker, _) = breaker(Policy::failure_rate(1.0, window).minimum_calls(1));
    succeed(&breaker);
    fail_times(&breaker, 2);
    breaker.configure(Policy::failure_rate(0.9, window).minimum_calls(1)).unwrap();
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.status().window.failure_rate), (State::Closed, Some(0.75)));
    breaker.configure(Policy::failure_rate(0.75, window).minimum_calls(1)).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_stay_when_only_the_limit_of_slow_calls_changes() {
    let window = Window::calls(10);
    let limit = |longer_than| Policy::failure_rate(1.0, window).or_slow_call_rate(1.0, longer_than, window);
    let (breaker, clock) = breaker(limit(seconds(1)));
    let permit = breaker.try_acquire().unwrap();
    clock.advance(seconds(2));
    permit.failure("slow, too");
    breaker.configure(limit(seconds(3))).unwrap();
    let kept = breaker.status().window;
    assert_eq!((kept.calls, kept.failures, kept.slow), (1, 1, 0));
}

#[test]
fn concurrent_changes_give_each_old_policy_back_once() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    let change = |thread: u32| {
        let mine = move |n: u32| Policy::consecutive_failures(1 + thread * 100 + n);
        let given_back: Vec<Policy> = (1..=100).map(|n| breaker.configure(mine(n)).unwrap()).collect();
        given_back
    };
    let mut seen: Vec<Policy> = std::thread::scope(|scope| {
        let threads = [0, 1, 2].map(|thread| scope.spawn(move || change(thread)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    seen.push(breaker.policy());
    let expected: HashSet<String> = (1..=301).map(|n| Policy::consecutive_failures(n).to_string()).collect();
    assert_eq!(seen.len(), expected.len());
    assert_eq!(seen.iter().map(ToString::to_string).collect::<HashSet<_>>(), expected);
}
