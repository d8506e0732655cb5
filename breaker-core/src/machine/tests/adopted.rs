//! States that other instances agree on.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

const fn to(state: State, left: Option<Duration>, openings: u32) -> Adopted {
    Adopted { state, left, openings }
}

fn adopt_with(policy: &Policy, snapshot: &Snapshot, to: Adopted, moment: Moment<'_>) -> Step {
    step(policy, snapshot, Input::Adopted { expected: None, to }, moment)
}

fn adopt(snapshot: &Snapshot, to: Adopted, moment: Moment<'_>) -> Step {
    adopt_with(&RAMPED, snapshot, to, moment)
}

#[test]
fn every_state_takes_over_every_other_one_in_a_new_generation() {
    for from in ALL_STATES {
        for state in ALL_STATES.into_iter().filter(|state| *state != from) {
            let snapshot = in_state(from);
            let step = adopt(&snapshot, to(state, Some(HOUR), 5), at(110));
            let state = if state == State::HalfOpen { State::Open } else { state };
            let expected = if from == state { Vec::new() } else { vec![(from, state, Trigger::Remote)] };
            assert_eq!(moves(&step), expected, "{from} to {state}");
            assert_eq!((step.reply, step.next.state, step.next.openings), (Reply::Done, state, 5));
            assert_eq!(step.next.generation, snapshot.generation + 1);
        }
    }
}

#[test]
fn an_adopted_opening_lasts_for_exactly_the_time_left_without_jitter() {
    let policy = THREE.expiry(seconds(30)).jitter(0.5);
    let open = |left| adopt_with(&policy, &closed(2), to(State::Open, left, 3), at_with_jitter(100, 1.0));
    assert_eq!(period(&open(Some(seconds(7)))), seconds(7));
    assert_eq!(period(&open(None)), seconds(30));
    assert_eq!(open(Some(Duration::MAX)).next.deadline, Tick::MAX);
    assert_eq!((open(None).next.openings, open(None).next.opened_at), (3, tick(100)));
}

#[test]
fn the_time_of_the_policy_follows_the_back_off() {
    let policy = THREE.progressive_expiry(seconds(10), 2.0, HOUR);
    let step = adopt_with(&policy, &closed(0), to(State::Open, None, 3), at(100));
    assert_eq!(period(&step), seconds(40));
}

#[test]
fn an_adopted_opening_with_nothing_left_is_over_at_once() {
    for state in [State::Open, State::HalfOpen] {
        let opened = adopt(&closed(0), to(state, Some(Duration::ZERO), 1), at(100));
        assert_eq!(opened.next.state, State::Open);
        let asked = ask(&THREE, &opened.next, at(100));
        assert_eq!((asked.reply, asked.next.state), (Reply::Admitted, State::HalfOpen));
    }
}

#[test]
fn closed_without_openings_clears_the_counts_as_a_recovery_does() {
    let step = adopt(&open(4), to(State::Closed, None, 0), at(110));
    assert_eq!((step.next.openings, step.next.failures_in_row, step.clears_counts), (0, 0, true));
    assert!(!step.next.evaluate_next);
}

#[test]
fn closed_with_openings_keeps_the_counts_as_a_command_to_close_does() {
    let step = adopt(&open(4), to(State::Closed, None, 2), at(110));
    assert_eq!((step.next.openings, step.next.failures_in_row, step.clears_counts), (2, 3, false));
    assert!(step.next.evaluate_next);
}

#[test]
fn nothing_changes_where_the_circuit_is_in_that_state_already() {
    for state in ALL_STATES {
        let snapshot = in_state(state);
        let step = adopt(&snapshot, to(state, Some(seconds(20)), 1), at(110));
        assert_eq!((step.reply, step.next, step.entered), (Reply::Unchanged, snapshot, [None; 4]), "{state}");
    }
}

#[test]
fn deadlines_within_a_millisecond_are_the_same() {
    let snapshot = open(1);
    let adopt = |nanos| {
        let left = Some(Duration::from_nanos(nanos));
        adopt(&snapshot, to(State::Open, left, 1), at(110)).reply
    };
    for nanos in [19_999_000_000, 20_000_000_000, 20_001_000_000] {
        assert_eq!(adopt(nanos), Reply::Unchanged, "{nanos}");
    }
    for nanos in [0, 19_998_999_999, 20_001_000_001, u64::MAX] {
        assert_eq!(adopt(nanos), Reply::Done, "{nanos}");
    }
}

#[test]
fn another_number_of_openings_is_another_state() {
    let step = adopt(&open(1), to(State::Open, Some(seconds(20)), 2), at(110));
    assert_eq!((step.reply, step.next.openings, moves(&step)), (Reply::Done, 2, Vec::new()));
    assert_eq!(step.next.generation, open(1).generation + 1);
}

#[test]
fn only_the_expected_generation_is_changed() {
    let adopt = |expected, moment| {
        let input = Input::Adopted { expected: Some(expected), to: to(State::ForcedOpen, None, 1) };
        step(&THREE, &open(1), input, moment)
    };
    assert_eq!(adopt(4, at(110)).reply, Reply::Done);
    let late = adopt(3, at(110));
    assert_eq!((late.reply, late.next), (Reply::Late, open(1)));
    // The open period is over, and with it the generation.
    let late = adopt(4, at(130));
    assert_eq!((late.reply, late.next.state, late.next.generation), (Reply::Late, State::HalfOpen, 5));
}

#[test]
fn a_new_generation_carries_the_openings_and_the_end_that_belong_to_it() {
    let snapshot = Snapshot { opened_at: tick(100), ..half_open(in_flight(1)) };
    let policy = THREE.half_open_timeout(seconds(5)).expiry(seconds(10));
    let step = step(&policy, &snapshot, Input::Adopted { expected: None, to: to(State::Closed, None, 0) }, at(150));
    let entered: Vec<_> = step.entered.iter().flatten().map(|one| (one.to, one.openings, one.until)).collect();
    // The probe's limit was at 135, and the open period after it ended at 145.
    let expected = [(State::Open, 2, tick(145)), (State::HalfOpen, 2, Tick::MAX), (State::Closed, 0, Tick::MAX)];
    assert_eq!(entered, expected);
}

#[test]
fn an_adopted_ramp_up_goes_on_where_it_is_elsewhere() {
    let policy = THREE.ramp_up(seconds(30)).ramp_up_from(0.4);
    let step = adopt_with(&policy, &open(4), to(State::RampingUp, Some(seconds(10)), 4), at(110));
    assert_eq!(moves(&step), [(State::Open, State::RampingUp, Trigger::Remote)]);
    assert_eq!((step.next.openings, step.next.failures_in_row, step.clears_counts), (4, 0, true));
    let ramp = step.next.ramp(&policy).unwrap();
    assert_eq!((ramp.end, (ramp.share(tick(110)).as_f64() * 100.0).round()), (tick(120), 80.0));
}

#[test]
fn an_adopted_ramp_up_without_a_time_takes_that_of_the_policy_and_never_takes_longer() {
    for left in [None, Some(seconds(31)), Some(Duration::MAX)] {
        let step = adopt(&open(1), to(State::RampingUp, left, 1), at(110));
        assert_eq!(step.next.until(&RAMPED), Some(tick(140)), "{left:?}");
    }
}

#[test]
fn an_adopted_ramp_up_closes_where_the_policy_has_none_or_nothing_is_left() {
    for (policy, left) in [(THREE, None), (THREE, Some(HOUR)), (RAMPED, Some(Duration::ZERO))] {
        let step = adopt_with(&policy, &open(4), to(State::RampingUp, left, 4), at(110));
        assert_eq!(moves(&step), [(State::Open, State::Closed, Trigger::Remote)]);
        assert_eq!((step.next.openings, step.clears_counts, step.next.evaluate_next), (0, true, false));
        let again = adopt_with(&policy, &step.next, to(State::RampingUp, left, 4), at(110));
        assert_eq!((again.reply, again.next), (Reply::Unchanged, step.next));
    }
}

#[test]
fn a_circuit_that_ramps_up_closes_if_the_others_have() {
    let step = adopt(&in_state(State::RampingUp), to(State::Closed, None, 0), at(110));
    assert_eq!(moves(&step), [(State::RampingUp, State::Closed, Trigger::Remote)]);
}

#[test]
fn another_end_of_the_ramp_up_is_another_ramp_up() {
    let adopt = |left| adopt(&in_state(State::RampingUp), to(State::RampingUp, Some(left), 1), at(110));
    assert_eq!(adopt(Duration::from_millis(20_001)).reply, Reply::Unchanged);
    let step = adopt(seconds(10));
    assert_eq!((step.reply, moves(&step), step.next.generation), (Reply::Done, Vec::new(), 5));
    assert_eq!(step.next.until(&RAMPED), Some(tick(120)));
}
