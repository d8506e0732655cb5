//! Metrics-only: counts, never opens, says once per stay when it would have. Disabled: counts nothing.

use super::*;

const ONE: Policy = Policy::consecutive_failures(1);

const fn metrics_only(failures_in_row: u32) -> Snapshot {
    Snapshot { state: State::MetricsOnly, ..closed(failures_in_row) }
}

#[test]
fn metrics_only_admits() {
    assert_eq!(ask(&THREE, &metrics_only(9), at(7)).verdict, Verdict::Admitted);
}

#[test]
fn metrics_only_counts_failures() {
    assert_eq!(settle(&THREE, &metrics_only(1), FAILURE, at(7)).next.failures_in_row, 2);
}

#[test]
fn metrics_only_never_opens() {
    let step = settle(&ONE, &metrics_only(0), FAILURE, at(7));
    assert_eq!((step.next.state, moves(&step), step.next.openings), (State::MetricsOnly, Vec::new(), 0));
}

#[test]
fn metrics_only_says_which_condition_would_have_opened() {
    assert_eq!(settle(&ONE, &metrics_only(0), FAILURE, at(7)).would_open, Some(Trigger::ConsecutiveFailures));
}

#[test]
fn metrics_only_says_that_a_trip_would_have_opened() {
    let step = settle(&THREE, &metrics_only(0), CallResult::Trip { open_for: None }, at(7));
    assert_eq!((step.would_open, step.next.state), (Some(Trigger::Tripped), State::MetricsOnly));
}

#[test]
fn metrics_only_says_it_once_per_stay() {
    let said = settle(&ONE, &metrics_only(0), FAILURE, at(7)).next;
    let recovered = settle(&ONE, &said, SUCCESS, at(8)).next;
    assert_eq!(settle(&ONE, &recovered, FAILURE, at(9)).would_open, None);
}

#[test]
fn a_new_stay_in_metrics_only_says_it_again() {
    let said = settle(&ONE, &metrics_only(0), FAILURE, at(7)).next;
    let again = order(&said, Order::MetricsOnly, at(8)).next;
    assert_eq!(settle(&ONE, &again, FAILURE, at(9)).would_open, Some(Trigger::ConsecutiveFailures));
}

#[test]
fn a_closed_circuit_opens_instead_of_saying_so() {
    assert_eq!(settle(&ONE, &closed(0), FAILURE, at(7)).would_open, None);
}

#[test]
fn disabled_admits() {
    assert_eq!(ask(&THREE, &in_state(State::Disabled), at(110)).verdict, Verdict::Admitted);
}

#[test]
fn disabled_counts_nothing() {
    let snapshot = in_state(State::Disabled);
    for result in [SUCCESS, FAILURE, CallResult::Trip { open_for: None }] {
        assert_eq!(settle(&ONE, &snapshot, result, at(110)).next, snapshot, "{result:?}");
    }
}
