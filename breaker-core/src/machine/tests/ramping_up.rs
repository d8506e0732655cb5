//! Ramping up: which calls are admitted, how it ends, and what a new policy does to it.

use super::*;
use crate::machine::ramp::Credit;

/// Ramping up since second 130 after two openings, from a tenth.
const fn ramping_up() -> Snapshot {
    Snapshot { state: State::RampingUp, failures_in_row: 0, ramp_start: RampStart::at(tick(130)), ..open(2) }
}

/// So many calls that ask at this second.
fn ask_often(policy: &Policy, snapshot: &mut Snapshot, calls: u32, second: u64) -> u32 {
    let ask_once = |_: &u32| {
        let step = ask(policy, snapshot, at(second));
        *snapshot = step.next;
        step.reply == Reply::Admitted
    };
    u32::try_from((0..calls).filter(ask_once).count()).unwrap()
}

#[test]
fn the_probe_that_would_close_begins_to_ramp_up() {
    let step = settle(&RAMPED, &half_open(in_flight(1)), SUCCESS, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::RampingUp, Trigger::ProbesSucceeded)]);
    assert_eq!((step.next.openings, step.next.failures_in_row, step.clears_counts), (1, 0, true));
    assert_eq!((step.next.generation, step.next.until(&RAMPED)), (5, Some(tick(161))));
}

#[test]
fn an_expiry_that_closes_begins_to_ramp_up_at_the_deadline_however_late_it_is_seen() {
    let policy = RAMPED.close_on_expiry();
    let step = ask(&policy, &Snapshot { last_counted: Some(tick(99)), ..open(2) }, at(145));
    assert_eq!(moves(&step), [(State::Open, State::RampingUp, Trigger::Expired)]);
    assert_eq!((step.next.openings, step.clears_counts, step.next.last_counted), (2, true, None));
    assert_eq!((step.reply, step.next.until(&policy)), (Reply::Admitted, Some(tick(160))));
}

#[test]
fn an_expiry_that_is_seen_after_the_ramp_up_has_closed() {
    let step = ask(&RAMPED.close_on_expiry(), &open(2), at(160));
    assert_eq!(
        moves(&step),
        [(State::Open, State::RampingUp, Trigger::Expired), (State::RampingUp, State::Closed, Trigger::RampedUp)]
    );
    assert_eq!(
        (step.reply, step.next.openings, step.next.generation, step.clears_counts),
        (Reply::Admitted, 0, 6, true)
    );
}

#[test]
fn the_first_call_is_admitted_and_then_every_tenth() {
    let mut snapshot = ramping_up();
    let admitted: Vec<u32> = (0..30).map(|_| ask_often(&RAMPED, &mut snapshot, 1, 130)).collect();
    let expected: Vec<u32> = (0..30).map(|call| u32::from(call % 10 == 0)).collect();
    assert_eq!(admitted, expected);
}

#[test]
fn the_share_grows_with_the_time() {
    let policy = RAMPED.ramp_up_from(0.25);
    let mut snapshot = ramping_up();
    assert_eq!(ask_often(&policy, &mut snapshot, 1_000, 130), 250);
    assert_eq!(ask_often(&policy, &mut snapshot, 1_000, 140), 500);
    assert_eq!(ask_often(&policy, &mut snapshot, 1_000, 150), 750);
}

#[test]
fn a_call_outside_the_share_is_rejected_without_a_time() {
    let snapshot = Snapshot { credit: Credit(0), ..ramping_up() };
    let step = ask(&RAMPED, &snapshot, at(130));
    assert_eq!((step.reply, step.next.state), (Reply::Rejected { retry_after: None }, State::RampingUp));
}

#[test]
fn a_success_keeps_the_openings() {
    let next = settle(&RAMPED, &Snapshot { failures_in_row: 2, ..ramping_up() }, SUCCESS, at(131)).next;
    assert_eq!((next.state, next.openings, next.failures_in_row), (State::RampingUp, 2, 0));
}

#[test]
fn a_condition_that_holds_opens_again() {
    let step = settle(&RAMPED, &Snapshot { failures_in_row: 2, ..ramping_up() }, FAILURE, at(131));
    assert_eq!(moves(&step), [(State::RampingUp, State::Open, Trigger::ConsecutiveFailures)]);
    assert_eq!((step.next.openings, step.times_opened(), step.next.until(&RAMPED)), (3, 1, Some(tick(161))));
}

#[test]
fn a_failure_that_is_too_few_is_counted() {
    let next = report(&RAMPED, &ramping_up(), FAILURE, at(131)).next;
    assert_eq!((next.state, next.failures_in_row), (State::RampingUp, 1));
}

#[test]
fn a_trip_opens_again_for_its_time() {
    let step = settle(&RAMPED, &ramping_up(), Observation::Trip { open_for: Some(seconds(9)) }, at(131));
    assert_eq!(moves(&step), [(State::RampingUp, State::Open, Trigger::Tripped)]);
    assert_eq!((step.next.openings, step.next.deadline), (3, tick(140)));
}

#[test]
fn ignored_calls_count_nothing() {
    assert_eq!(settle(&RAMPED, &ramping_up(), Observation::Nothing, at(131)).next, ramping_up());
}

#[test]
fn failures_are_debounced() {
    let snapshot = Snapshot { last_counted: Some(tick(130)), ..ramping_up() };
    assert!(snapshot.debounces(&RAMPED.debounce(seconds(2)), tick(131)));
}

#[test]
fn its_time_ends_it_and_not_a_nanosecond_earlier() {
    let almost = Moment { now: Tick::from_nanos(tick(160).as_nanos() - 1), jitter_sample: NO_JITTER };
    assert_eq!(step(&RAMPED, &ramping_up(), Input::TimePassed, almost).next, ramping_up());
    let step = step(&RAMPED, &ramping_up(), Input::TimePassed, at(160));
    assert_eq!(moves(&step), [(State::RampingUp, State::Closed, Trigger::RampedUp)]);
}

#[test]
fn its_end_forgets_the_openings_and_keeps_the_counts() {
    let snapshot = Snapshot { failures_in_row: 2, last_counted: Some(tick(159)), evaluate_next: true, ..ramping_up() };
    let step = step(&RAMPED, &snapshot, Input::TimePassed, at(200));
    assert_eq!((step.next.openings, step.next.failures_in_row, step.clears_counts), (0, 2, false));
    assert_eq!((step.next.last_counted, step.next.evaluate_next), (Some(tick(159)), true));
}

#[test]
fn a_call_that_was_admitted_in_it_and_returns_after_it_is_late() {
    let step = settle(&RAMPED, &ramping_up(), FAILURE, at(160));
    assert_eq!((step.reply, step.next.state, step.next.failures_in_row), (Reply::Late, State::Closed, 0));
}

#[test]
fn a_new_policy_goes_on_from_the_same_beginning() {
    for (period, end) in [(10, 140), (60, 190)] {
        let policy = THREE.ramp_up(seconds(period));
        let step = step(&policy, &ramping_up(), Input::PolicyChanged, at(135));
        assert_eq!((moves(&step), step.next.until(&policy)), (Vec::new(), Some(tick(end))));
        assert_eq!(step.next.generation, ramping_up().generation);
    }
}

#[test]
fn a_new_policy_with_a_ramp_up_that_would_be_over_or_without_one_ends_it_at_once() {
    for policy in [THREE.ramp_up(seconds(5)), THREE] {
        let before = Snapshot { failures_in_row: 1, ..ramping_up() };
        let step = step(&policy, &before, Input::PolicyChanged, at(135));
        assert_eq!(moves(&step), [(State::RampingUp, State::Closed, Trigger::RampedUp)]);
        assert_eq!((step.next.openings, step.next.failures_in_row, step.next.evaluate_next), (0, 1, true));
    }
}

#[test]
fn a_command_to_close_ends_it_without_forgetting_the_openings() {
    let step = order(&ramping_up(), Command::Close, at(135));
    assert_eq!(moves(&step), [(State::RampingUp, State::Closed, Trigger::Manual)]);
    assert_eq!((step.next.openings, step.next.evaluate_next), (2, true));
}

#[test]
fn everything_that_time_can_do_and_the_result_after_it_fit_in_one_step() {
    let policy = RAMPED.half_open_timeout(seconds(10)).close_on_expiry();
    let policy = Policy { consecutive_failures: Some(1), ..policy };
    let step = report(&policy, &half_open(in_flight(1)), FAILURE, at(1_000));
    assert_eq!(
        moves(&step),
        [
            (State::HalfOpen, State::Open, Trigger::HalfOpenTimeout),
            (State::Open, State::RampingUp, Trigger::Expired),
            (State::RampingUp, State::Closed, Trigger::RampedUp),
            (State::Closed, State::Open, Trigger::ConsecutiveFailures),
        ]
    );
    assert_eq!((step.next.generation, step.next.openings), (8, 1));
}
