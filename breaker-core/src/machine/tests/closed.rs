//! Closed: asked, success, failure, ignore, trip; the four conditions.

use super::*;
use crate::policy::Window;

/// Half of the last ten calls, on at least four calls.
const HALF_OF_TEN: Policy = Policy::failure_rate(0.5, Window::calls(10)).minimum_calls(4);

const fn calls(calls: u64, failures: u64, slow: u64) -> Tally {
    Tally { calls, failures, slow, failures_within: 0 }
}

const fn within(failures_within: u32) -> Tally {
    Tally { failures_within, ..NO_CALLS }
}

#[test]
fn asked_admits_and_changes_nothing() {
    let step = ask(&THREE, &closed(2), at(1));
    assert_eq!((step.reply, step.next), (Reply::Admitted, closed(2)));
}

#[test]
fn a_failure_below_the_threshold_is_counted() {
    let step = settle(&THREE, &closed(1), FAILURE, at(1));
    assert_eq!((step.next.state, step.next.failures_in_row), (State::Closed, 2));
}

#[test]
fn a_failure_below_the_threshold_keeps_the_generation() {
    assert_eq!(settle(&THREE, &closed(1), FAILURE, at(1)).next.generation, 4);
}

#[test]
fn a_success_clears_the_failures_in_a_row() {
    let step = settle(&THREE, &closed(2), SUCCESS, at(1));
    assert_eq!((step.next.state, step.next.failures_in_row), (State::Closed, 0));
}

#[test]
fn an_ignored_call_changes_nothing() {
    assert_eq!(settle(&THREE, &closed(2), Observation::Nothing, at(1)).next, closed(2));
}

#[test]
fn a_debounced_failure_changes_nothing() {
    assert_eq!(settle(&THREE, &closed(2), Observation::Debounced, at(1)).next, closed(2));
}

#[test]
fn the_failure_that_reaches_the_threshold_opens() {
    let step = settle(&THREE, &closed(2), FAILURE, at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::ConsecutiveFailures)]);
}

#[test]
fn opening_begins_a_generation_and_adds_one_to_the_openings() {
    let next = settle(&THREE, &Snapshot { openings: 2, ..closed(2) }, FAILURE, at(7)).next;
    assert_eq!((next.generation, next.openings), (5, 3));
}

#[test]
fn opening_sets_the_deadline_from_now() {
    let next = settle(&THREE, &closed(2), FAILURE, at(7)).next;
    assert_eq!((next.opened_at, next.deadline), (tick(7), tick(37)));
}

#[test]
fn a_threshold_of_one_opens_at_the_first_failure() {
    assert_eq!(settle(&Policy::consecutive_failures(1), &closed(0), FAILURE, at(0)).next.state, State::Open);
}

#[test]
fn a_count_that_is_over_a_lowered_threshold_opens_at_the_next_failure() {
    assert_eq!(settle(&Policy::consecutive_failures(2), &closed(4), FAILURE, at(0)).next.state, State::Open);
}

#[test]
fn a_reported_failure_counts_as_a_call_would() {
    let step = report(&THREE, &closed(2), FAILURE, at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::ConsecutiveFailures)]);
}

#[test]
fn a_reported_success_clears_as_a_call_would() {
    assert_eq!(report(&THREE, &closed(2), SUCCESS, at(7)).next.failures_in_row, 0);
}

#[test]
fn failures_in_the_window_open_at_their_number() {
    let policy = Policy::failures_within(3, seconds(60));
    assert_eq!(settle_with(&policy, &closed(0), FAILURE, within(2), at(7)).next.state, State::Closed);
    let step = settle_with(&policy, &closed(0), FAILURE, within(3), at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::FailuresWithin)]);
}

#[test]
fn a_failure_rate_opens_when_it_is_reached_exactly() {
    assert_eq!(settle_with(&HALF_OF_TEN, &closed(0), FAILURE, calls(10, 4, 0), at(7)).next.state, State::Closed);
    let step = settle_with(&HALF_OF_TEN, &closed(0), FAILURE, calls(10, 5, 0), at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::FailureRate)]);
}

#[test]
fn no_rate_is_evaluated_on_fewer_calls_than_the_minimum() {
    let step = settle_with(&HALF_OF_TEN, &closed(0), FAILURE, calls(3, 3, 0), at(7));
    assert_eq!(step.next.state, State::Closed);
}

#[test]
fn a_success_can_be_the_call_that_reaches_the_minimum() {
    let step = settle_with(&HALF_OF_TEN, &closed(0), SUCCESS, calls(4, 3, 0), at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::FailureRate)]);
}

#[test]
fn a_slow_call_rate_opens_by_slow_successes() {
    let policy = Policy::slow_call_rate(0.5, seconds(2), Window::calls(4));
    let slow = Observation::Success { slow: true };
    assert_eq!(settle_with(&policy, &closed(0), slow, calls(4, 0, 1), at(7)).next.state, State::Closed);
    let step = settle_with(&policy, &closed(0), slow, calls(4, 0, 2), at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::SlowCallRate)]);
}

#[test]
fn any_condition_that_holds_opens() {
    let policy = HALF_OF_TEN.or_consecutive_failures(3).or_failures_within(5, seconds(60));
    let none = Tally { failures_within: 4, ..calls(10, 4, 0) };
    assert_eq!(settle_with(&policy, &closed(1), FAILURE, none, at(7)).next.state, State::Closed);
    for (in_row, tally) in [(2, none), (1, Tally { failures_within: 5, ..none }), (1, Tally { failures: 5, ..none })] {
        assert_eq!(settle_with(&policy, &closed(in_row), FAILURE, tally, at(7)).next.state, State::Open);
    }
}

#[test]
fn a_trip_opens_at_once_for_the_policys_expiry() {
    let step = settle(&THREE, &closed(0), Observation::Trip { open_for: None }, at(7));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::Tripped)]);
    assert_eq!((period(&step), step.next.openings), (seconds(30), 1));
}

#[test]
fn a_trip_with_a_time_opens_for_that_time() {
    let step = settle(&THREE, &closed(0), Observation::Trip { open_for: Some(seconds(5)) }, at(7));
    assert_eq!(step.next.deadline, tick(12));
}

#[test]
fn the_count_of_failures_saturates() {
    let policy = Policy::consecutive_failures(Policy::MAX_COUNT);
    let metrics_only = Snapshot { state: State::MetricsOnly, ..closed(Policy::MAX_COUNT) };
    let next = settle(&policy, &metrics_only, FAILURE, at(7)).next;
    assert_eq!(next.failures_in_row, Policy::MAX_COUNT);
}

#[test]
fn the_count_of_openings_saturates() {
    let next = settle(&THREE, &Snapshot { openings: u32::MAX, ..closed(2) }, FAILURE, at(7)).next;
    assert_eq!((next.state, next.openings), (State::Open, u32::MAX));
}

#[test]
fn the_generation_wraps_to_zero() {
    let last = Snapshot { generation: Snapshot::MAX_GENERATION, ..closed(2) };
    assert_eq!(settle(&THREE, &last, FAILURE, at(7)).next.generation, 0);
}

#[test]
fn a_failure_closer_than_the_debounce_to_the_last_counted_one_is_debounced() {
    let policy = THREE.debounce(seconds(10));
    let snapshot = settle(&policy, &closed(0), FAILURE, at(5)).next;
    assert!(snapshot.debounces(&policy, tick(14)));
}

#[test]
fn a_failure_as_far_as_the_debounce_from_the_last_counted_one_counts() {
    let policy = THREE.debounce(seconds(10));
    let snapshot = settle(&policy, &closed(0), FAILURE, at(5)).next;
    assert!(!snapshot.debounces(&policy, tick(15)));
}

#[test]
fn a_debounced_failure_does_not_prolong_the_quiet_time() {
    let policy = THREE.debounce(seconds(10));
    let counted = settle(&policy, &closed(0), FAILURE, at(5)).next;
    let snapshot = settle(&policy, &counted, Observation::Debounced, at(14)).next;
    assert!(!snapshot.debounces(&policy, tick(15)));
}

#[test]
fn without_a_debounce_failures_at_the_same_instant_count() {
    let snapshot = settle(&THREE, &closed(0), FAILURE, at(5)).next;
    assert!(!snapshot.debounces(&THREE, tick(5)));
}

#[test]
fn the_first_failure_is_never_debounced() {
    assert!(!closed(0).debounces(&THREE.debounce(Duration::MAX), tick(5)));
}
