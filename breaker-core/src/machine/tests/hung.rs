//! Hung calls: they open the circuit as of the instant at which enough of them are hung.

use super::*;

/// Three failures in a row, or a number of hung calls that only the storage knows.
const HUNG: Policy = THREE.or_hung_calls(9, seconds(10));

/// A step at a time at which enough calls are hung since, or will be at, this second.
fn hung_since(second: u64, policy: &Policy, snapshot: &Snapshot, event: Input, moment: Moment<'_>) -> Step {
    let probes = &out(snapshot);
    take(policy, snapshot, InFlight { probes, hung_at: Some(tick(second)) }, event, moment)
}

#[test]
fn hung_calls_open_as_of_their_instant_however_late_they_are_seen() {
    let step = hung_since(50, &HUNG, &closed(2), Input::TimePassed, at(60));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::HungCalls)]);
    assert_eq!((step.next.opened_at, step.next.deadline, step.next.openings), (tick(50), tick(80), 1));
}

#[test]
fn hung_calls_open_exactly_at_their_instant_and_not_before() {
    for (now, state) in [(49, State::Closed), (50, State::Open)] {
        assert_eq!(hung_since(50, &HUNG, &closed(0), Input::TimePassed, at(now)).next.state, state, "second {now}");
    }
}

#[test]
fn hung_calls_add_to_the_openings_in_a_row() {
    let policy = HUNG.progressive_expiry(seconds(30), 2.0, seconds(300));
    let snapshot = Snapshot { openings: 1, ..closed(0) };
    let step = hung_since(50, &policy, &snapshot, Input::TimePassed, at(50));
    assert_eq!((step.next.openings, period(&step)), (2, seconds(60)));
}

#[test]
fn a_ramp_up_ends_by_hung_calls() {
    let snapshot = Snapshot { state: State::RampingUp, ..closed(0) };
    let policy = HUNG.ramp_up(seconds(1_000));
    let step = hung_since(50, &policy, &snapshot, Input::TimePassed, at(50));
    assert_eq!(moves(&step), [(State::RampingUp, State::Open, Trigger::HungCalls)]);
}

#[test]
fn a_call_that_asks_after_the_opening_is_rejected_for_the_rest_of_its_time() {
    let step = hung_since(50, &HUNG, &closed(0), Input::CallRequested, at(60));
    assert_eq!(step.reply, Reply::Rejected { retry_after: Some(seconds(20)) });
}

#[test]
fn a_result_that_comes_after_the_opening_is_late() {
    let event = settled(closed(0).generation, SUCCESS, NO_CALLS);
    let step = hung_since(50, &HUNG, &closed(0), event, at(60));
    assert_eq!((step.reply, step.next.state), (Reply::Late, State::Open));
}

#[test]
fn an_opening_by_hung_calls_that_is_seen_after_its_time_has_expired() {
    let step = hung_since(50, &HUNG, &closed(0), Input::CallRequested, at(80));
    let expected = [(State::Closed, State::Open, Trigger::HungCalls), (State::Open, State::HalfOpen, Trigger::Expired)];
    assert_eq!((moves(&step), step.reply, step.slot), (expected.to_vec(), Reply::Admitted, Slot::Taken));
}

#[test]
fn a_circuit_that_closes_by_itself_after_hung_calls_is_not_opened_by_them_again() {
    let step = hung_since(50, &HUNG.close_on_expiry(), &closed(0), Input::TimePassed, at(500));
    let expected = [(State::Closed, State::Open, Trigger::HungCalls), (State::Open, State::Closed, Trigger::Expired)];
    assert_eq!(moves(&step), expected);
}

#[test]
fn a_command_after_the_instant_finds_the_circuit_open() {
    let step = hung_since(50, &HUNG, &closed(0), Input::Command(Command::Close), at(60));
    let expected = [(State::Closed, State::Open, Trigger::HungCalls), (State::Open, State::Closed, Trigger::Manual)];
    assert_eq!(moves(&step), expected);
    assert_eq!(step.next.openings, 1);
}

#[test]
fn hung_calls_in_half_open_open_again() {
    let step = hung_since(135, &HUNG, &half_open(in_flight(1)), Input::TimePassed, at(140));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::HungCalls)]);
    assert_eq!((step.next.opened_at, step.next.openings, step.next.probes), (tick(135), 2, NO_PROBES));
}

#[test]
fn the_earlier_of_hung_calls_and_the_end_of_a_probes_time_decides() {
    // The probe is out since second 130.
    let policy = HUNG.half_open_timeout(seconds(20));
    for (hung, opened_at, trigger) in [
        (149, 149, Trigger::HungCalls),
        // At the same instant, the probe comes first.
        (150, 150, Trigger::HalfOpenTimeout),
        (151, 150, Trigger::HalfOpenTimeout),
    ] {
        let step = hung_since(hung, &policy, &half_open(in_flight(1)), Input::TimePassed, at(160));
        assert_eq!(moves(&step), [(State::HalfOpen, State::Open, trigger)], "hung at {hung}");
        assert_eq!((step.next.opened_at, step.next.openings), (tick(opened_at), 2), "hung at {hung}");
    }
}

#[test]
fn a_probe_that_has_given_its_slot_up_can_hang() {
    let given_up = half_open(Probes { given_up_before: tick(132), ..NO_PROBES });
    let step = hung_since(165, &HUNG, &given_up, Input::TimePassed, at(165));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::HungCalls)]);
}

#[test]
fn a_hold_of_probes_ends_with_an_opening_by_hung_calls() {
    let held = Snapshot { allowance: Some(Allowance::NONE), ..half_open(in_flight(1)) };
    let step = hung_since(135, &HUNG, &held, Input::TimePassed, at(135));
    assert_eq!((step.next.state, step.next.allowance), (State::Open, None));
}

#[test]
fn states_without_a_list_of_calls_do_not_open_by_them() {
    for state in [State::Open, State::ForcedOpen, State::Disabled] {
        let snapshot = in_state(state);
        assert_eq!(hung_since(50, &HUNG, &snapshot, Input::TimePassed, at(110)).next, snapshot, "{state:?}");
    }
}

const METRICS_ONLY: Snapshot = Snapshot { state: State::MetricsOnly, ..closed(0) };

#[test]
fn metrics_only_says_that_hung_calls_would_have_opened() {
    let step = hung_since(50, &HUNG, &METRICS_ONLY, Input::TimePassed, at(50));
    assert_eq!((step.would_open, moves(&step)), (Some(Trigger::HungCalls), Vec::new()));
}

#[test]
fn metrics_only_says_it_once_as_long_as_enough_calls_hang() {
    let said = hung_since(50, &HUNG, &METRICS_ONLY, Input::TimePassed, at(50)).next;
    let mut snapshot = said;
    for event in [
        Input::TimePassed,
        Input::CallRequested,
        settled(said.generation, SUCCESS, NO_CALLS),
        Input::Review { tally: NO_CALLS },
        settled(said.generation, FAILURE, NO_CALLS),
        settled(said.generation, Observation::Nothing, NO_CALLS),
    ] {
        let step = hung_since(50, &HUNG, &snapshot, event, at(60));
        assert_eq!(step.would_open, None, "{event:?}");
        snapshot = step.next;
    }
}

#[test]
fn an_incident_of_hung_calls_ends_when_they_have_returned() {
    let said = hung_since(50, &HUNG, &METRICS_ONLY, Input::TimePassed, at(50)).next;
    let over = step(&HUNG, &said, Input::Review { tally: NO_CALLS }, at(60)).next;
    assert_eq!(over.incident, None);
    let again = hung_since(70, &HUNG, &over, Input::TimePassed, at(70));
    assert_eq!(again.would_open, Some(Trigger::HungCalls));
}

#[test]
fn hung_calls_within_the_incident_of_another_condition_are_not_said() {
    let failing = Snapshot { incident: Some(Trigger::ConsecutiveFailures), failures_in_row: 3, ..METRICS_ONLY };
    let hung = hung_since(50, &HUNG, &failing, Input::TimePassed, at(50));
    assert_eq!(hung.would_open, None);
    // The incident goes on although the failures end.
    let step = hung_since(50, &HUNG, &hung.next, settled(hung.next.generation, SUCCESS, NO_CALLS), at(60));
    assert_eq!((step.would_open, step.next.incident), (None, Some(Trigger::HungCalls)));
}

#[test]
fn a_failure_within_the_incident_of_hung_calls_is_not_said() {
    let one = Policy::consecutive_failures(1).or_hung_calls(9, seconds(10));
    let said = hung_since(50, &one, &METRICS_ONLY, Input::TimePassed, at(50)).next;
    let step = hung_since(50, &one, &said, settled(said.generation, FAILURE, NO_CALLS), at(60));
    assert_eq!(step.would_open, None);
}

#[test]
fn another_policy_says_once_more_that_calls_hang() {
    let said = hung_since(50, &HUNG, &METRICS_ONLY, Input::TimePassed, at(50)).next;
    let configured = hung_since(50, &HUNG, &said, Input::PolicyChanged, at(60));
    assert_eq!(configured.would_open, Some(Trigger::HungCalls));
    let step = hung_since(50, &HUNG, &configured.next, Input::TimePassed, at(61));
    assert_eq!(step.would_open, None);
}
