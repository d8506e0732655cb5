//! The table of the state machine, row by row, against the pure function.

mod adopted;
mod closed;
mod commands;
mod half_open;
mod held;
mod hung;
mod metrics_only;
mod open;
mod ramping_up;

use super::*;
use crate::machine::ramp::RampStart;

/// Three failures in a row open for 30 seconds.
const THREE: Policy = Policy::consecutive_failures(3);
/// The same, with a recovery that takes half a minute.
const RAMPED: Policy = THREE.ramp_up(seconds(30));
const FAILURE: Observation = Observation::Failure;
const SUCCESS: Observation = Observation::Success { slow: false };
const NO_CALLS: Tally = Tally { calls: 0, failures: 0, slow: 0, failures_within: 0 };

const NO_JITTER: &dyn Fn() -> f64 = &|| 0.0;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn tick(second: u64) -> Tick {
    Tick::from_nanos(second * 1_000_000_000)
}

const fn at(second: u64) -> Moment<'static> {
    Moment { now: tick(second), jitter_sample: NO_JITTER }
}

fn at_with_jitter(second: u64, jitter_sample: f64) -> Moment<'static> {
    Moment { now: tick(second), jitter_sample: Box::leak(Box::new(move || jitter_sample)) }
}

/// Closed, with failures counted.
const fn closed(failures_in_row: u32) -> Snapshot {
    Snapshot { generation: 4, failures_in_row, ..Snapshot::NEW }
}

/// Open for the `openings`-th time, from second 100 to second 130.
const fn open(openings: u32) -> Snapshot {
    Snapshot {
        state: State::Open,
        generation: 4,
        failures_in_row: 3,
        openings,
        opened_at: tick(100),
        deadline: tick(130),
        ..Snapshot::NEW
    }
}

/// Half-open since second 130 after one opening, with probes.
const fn half_open(probes: Probes) -> Snapshot {
    Snapshot { state: State::HalfOpen, probes, ..open(1) }
}

const NO_PROBES: Probes = Probes::NONE;

/// Probes that hold slots. [`out`] says since when.
const fn in_flight(in_flight: u32) -> Probes {
    Probes { in_flight, ..NO_PROBES }
}

/// So many probes since second 130, as the storage lists them.
fn out(snapshot: &Snapshot) -> Vec<Outstanding> {
    vec![Outstanding { admitted: tick(130), calls: snapshot.probes.in_flight }]
}

/// The one function.
fn take(policy: &Policy, snapshot: &Snapshot, in_flight: InFlight<'_>, event: Input, moment: Moment<'_>) -> Step {
    let mut step = Step::from(snapshot);
    step.take(policy, in_flight, &event, &moment);
    step
}

/// A step of the one function with these probes out, and no call that could hang.
fn step_with(policy: &Policy, snapshot: &Snapshot, probes: &[Outstanding], event: Input, moment: Moment<'_>) -> Step {
    take(policy, snapshot, InFlight { probes, hung_at: None }, event, moment)
}

/// A step of the one function with the probes of the snapshot out since second 130.
fn step(policy: &Policy, snapshot: &Snapshot, event: Input, moment: Moment<'_>) -> Step {
    step_with(policy, snapshot, &out(snapshot), event, moment)
}

/// The result of a call that was admitted at second 130.
const fn settled(generation: u32, result: Observation, tally: Tally) -> Input {
    Input::CallSettled { generation, admitted: tick(130), result, tally }
}

const ALL_STATES: [State; 7] = [
    State::Closed,
    State::Open,
    State::HalfOpen,
    State::ForcedOpen,
    State::Disabled,
    State::MetricsOnly,
    State::RampingUp,
];

/// The snapshot in each of the seven states, at second 110, with nothing due under [`RAMPED`].
fn in_state(state: State) -> Snapshot {
    Snapshot { state, ramp_start: RampStart::at(tick(100)), ..open(1) }
}

fn settle(policy: &Policy, snapshot: &Snapshot, result: Observation, moment: Moment<'_>) -> Step {
    settle_with(policy, snapshot, result, NO_CALLS, moment)
}

fn settle_with(policy: &Policy, snapshot: &Snapshot, result: Observation, tally: Tally, moment: Moment<'_>) -> Step {
    step(policy, snapshot, settled(snapshot.generation, result, tally), moment)
}

fn report(policy: &Policy, snapshot: &Snapshot, result: Observation, moment: Moment<'_>) -> Step {
    step(policy, snapshot, Input::CallReported { result, tally: NO_CALLS }, moment)
}

fn ask(policy: &Policy, snapshot: &Snapshot, moment: Moment<'_>) -> Step {
    step(policy, snapshot, Input::CallRequested, moment)
}

fn order(snapshot: &Snapshot, order: Command, moment: Moment<'_>) -> Step {
    step(&RAMPED, snapshot, Input::Command(order), moment)
}

fn moves(step: &Step) -> Vec<(State, State, Trigger)> {
    changes(&step.entered).map(|change| (change.from, change.to, change.trigger)).collect()
}

/// How long the circuit stays open from the moment it opened.
fn period(step: &Step) -> Duration {
    assert_eq!(step.next.state, State::Open);
    step.next.deadline.since(step.next.opened_at)
}

#[test]
fn a_result_from_an_earlier_generation_is_late_and_changes_nothing_in_any_state() {
    for state in ALL_STATES {
        let snapshot = in_state(state);
        for result in [SUCCESS, FAILURE, Observation::Nothing, Observation::Trip { open_for: None }] {
            let event = settled(3, result, NO_CALLS);
            let step = step(&Policy::consecutive_failures(1).ramp_up(seconds(30)), &snapshot, event, at(110));
            assert_eq!((step.reply, step.next), (Reply::Late, snapshot), "{state:?}, {result:?}");
        }
    }
}

#[test]
fn a_late_result_announces_and_clears_nothing() {
    let event = settled(3, FAILURE, NO_CALLS);
    let step = step(&Policy::consecutive_failures(1), &closed(0), event, at(0));
    assert_eq!((moves(&step), step.clears_counts, step.would_open), (Vec::new(), false, None));
}

#[test]
fn time_alone_moves_nothing_that_has_no_deadline() {
    for state in [State::Closed, State::ForcedOpen, State::Disabled, State::MetricsOnly] {
        let snapshot = in_state(state);
        let moment = Moment { now: Tick::MAX, jitter_sample: NO_JITTER };
        assert_eq!(step(&THREE, &snapshot, Input::TimePassed, moment).next, snapshot);
    }
}
