//! Metrics-only: counts, never opens, and reports once per incident that it would have opened.
//! Disabled: counts nothing.

use super::*;

const ONE: Policy = Policy::consecutive_failures(1);

const fn metrics_only(failures_in_row: u32) -> Snapshot {
    Snapshot { state: State::MetricsOnly, ..closed(failures_in_row) }
}

#[test]
fn metrics_only_admits() {
    assert_eq!(ask(&THREE, &metrics_only(9), at(7)).reply, Reply::Admitted);
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
    let step = settle(&THREE, &metrics_only(0), Observation::Trip { open_for: None }, at(7));
    assert_eq!((step.would_open, step.next.state), (Some(Trigger::Tripped), State::MetricsOnly));
}

#[test]
fn metrics_only_says_it_once_per_incident() {
    let said = settle(&ONE, &metrics_only(0), FAILURE, at(7)).next;
    let again = settle(&ONE, &said, FAILURE, at(8));
    assert_eq!(again.would_open, None);
    let recovered = settle(&ONE, &again.next, SUCCESS, at(9)).next;
    assert_eq!(settle(&ONE, &recovered, FAILURE, at(10)).would_open, Some(Trigger::ConsecutiveFailures));
}

#[test]
fn a_dry_run_begins_anew_with_another_policy() {
    let said = settle(&ONE, &metrics_only(0), FAILURE, at(7)).next;
    let configured = step(&ONE, &said, Input::PolicyChanged, at(8)).next;
    assert_eq!(settle(&ONE, &configured, FAILURE, at(9)).would_open, Some(Trigger::ConsecutiveFailures));
}

#[test]
fn an_incident_ends_where_time_empties_the_windows() {
    let policy = Policy::failures_within(1, Duration::from_secs(60));
    let one = Tally { failures_within: 1, ..Tally::default() };
    let said = Snapshot { incident: Some(Trigger::FailuresWithin), ..metrics_only(0) };
    let review = |tally| step(&policy, &said, Input::Review { tally }, at(7)).next.incident;
    assert_eq!(review(one), Some(Trigger::FailuresWithin));
    assert_eq!(review(Tally::default()), None);
}

#[test]
fn trips_in_a_row_are_one_incident() {
    let trip = Observation::Trip { open_for: None };
    let said = settle(&THREE, &metrics_only(0), trip, at(7)).next;
    let reviewed = step(&THREE, &said, Input::Review { tally: Tally::default() }, at(8)).next;
    let again = settle(&THREE, &reviewed, trip, at(8));
    assert_eq!(again.would_open, None);
    let recovered = settle(&THREE, &again.next, SUCCESS, at(9)).next;
    assert_eq!(settle(&THREE, &recovered, trip, at(10)).would_open, Some(Trigger::Tripped));
}

#[test]
fn a_new_stay_in_metrics_only_says_it_again() {
    let said = settle(&ONE, &metrics_only(0), FAILURE, at(7)).next;
    let again = order(&said, Command::MetricsOnly, at(8)).next;
    assert_eq!(settle(&ONE, &again, FAILURE, at(9)).would_open, Some(Trigger::ConsecutiveFailures));
}

#[test]
fn a_closed_circuit_opens_instead_of_saying_so() {
    assert_eq!(settle(&ONE, &closed(0), FAILURE, at(7)).would_open, None);
}

#[test]
fn disabled_admits() {
    assert_eq!(ask(&THREE, &in_state(State::Disabled), at(110)).reply, Reply::Admitted);
}

#[test]
fn disabled_counts_nothing() {
    let snapshot = in_state(State::Disabled);
    for result in [SUCCESS, FAILURE, Observation::Trip { open_for: None }] {
        assert_eq!(settle(&ONE, &snapshot, result, at(110)).next, snapshot, "{result:?}");
    }
}
