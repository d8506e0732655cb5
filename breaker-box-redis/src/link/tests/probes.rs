//! Probes and their leases.

use super::*;
use crate::link::input::ProbeReport;
use crate::protocol::{Lease, Right};

const G: Generation = Generation(3);

/// Half-open in the fleet, at version 5, and in generation 3 here.
fn half_open() -> Bench {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    bench.adopted("a", 5, 2);
    assert!(bench.outputs.contains(&Output::Hold { circuit: circuit("a"), generation: Generation(2) }));
    bench.pass(10 * SECOND);
    bench.changed("a", change(3, State::HalfOpen, Why::Expired));
    assert!(bench.outputs.contains(&Output::Hold { circuit: circuit("a"), generation: G }));
    bench.outputs.clear();
    bench
}

fn lease(body: &Body) -> Option<u32> {
    match body {
        Body::Lease { slots, .. } => Some(*slots),
        _ => None,
    }
}

fn wanted(bench: &mut Bench) {
    bench.step(Input::ProbeWanted { circuit: circuit("a"), generation: G, max_calls: 2 });
}

/// A slot was leased, and granted to calls.
fn granted() -> Bench {
    let mut bench = half_open();
    wanted(&mut bench);
    let (id, slots) = bench.request(lease);
    assert_eq!(slots, 1);
    bench.pass(Duration::from_millis(300));
    bench.answer(id, AnswerBody::Lease(Lease::Granted(1)));
    bench
}

fn report(successes: u32, failures: u32, in_flight: u32) -> Input {
    let report = ProbeReport {
        generation: G,
        successes,
        failures,
        in_flight,
        success_threshold: 3,
        failure_threshold: 2,
        max_calls: 2,
        next_openings: 2,
        next_period: 20 * SECOND,
    };
    Input::ProbeSettled { circuit: circuit("a"), report }
}

#[test]
fn without_demand_no_lease_is_asked_for() {
    let mut bench = half_open();
    bench.pass(4 * SECOND);
    assert!(!bench.sent().iter().any(|(_, request)| matches!(request.body, Body::Lease { .. })));
}

#[test]
fn a_lease_counts_from_when_it_was_asked_for() {
    let mut bench = granted();
    let within = Duration::from_millis(1_700);
    assert_eq!(bench.wanted(), [Output::Grant { circuit: circuit("a"), generation: G, slots: 1, within }]);
}

#[test]
fn a_lease_that_came_too_late_is_none() {
    let mut bench = half_open();
    wanted(&mut bench);
    let (id, _) = bench.request(lease);
    bench.pass(3 * SECOND);
    bench.outputs.clear();
    bench.answer(id, AnswerBody::Lease(Lease::Granted(1)));
    assert!(!bench.wanted().iter().any(|output| matches!(output, Output::Grant { .. })));
}

#[test]
fn a_second_slot_is_asked_for_when_the_first_is_taken() {
    let mut bench = granted();
    bench.step(report(0, 0, 1));
    wanted(&mut bench);
    assert_eq!(bench.request(lease).1, 2);
}

#[test]
fn while_others_hold_all_slots_calls_are_listened_to_again() {
    let mut bench = half_open();
    wanted(&mut bench);
    let (id, _) = bench.request(lease);
    bench.answer(id, AnswerBody::Lease(Lease::Full(Duration::from_millis(400))));
    assert_eq!(bench.wanted(), []);
    bench.pass(Duration::from_millis(400));
    assert_eq!(bench.wanted(), [Output::Hold { circuit: circuit("a"), generation: G }]);
}

#[test]
fn a_lease_is_renewed_while_a_probe_is_in_flight() {
    let mut bench = granted();
    bench.step(report(0, 0, 1));
    bench.pass(Duration::from_millis(700));
    assert_eq!(bench.request(lease).1, 1);
}

#[test]
fn an_unused_lease_is_given_back_after_a_second() {
    let mut bench = granted();
    bench.outputs.clear();
    bench.pass(Duration::from_millis(1_050));
    let (_, names) = bench.request(|body| match body {
        Body::Release { names } => Some(names.clone()),
        _ => None,
    });
    assert_eq!(names, [Name("a".into())]);
    let revoked = |output: &Output| matches!(output, Output::Grant { slots: 0, .. });
    assert!(bench.wanted().iter().any(revoked));
}

#[test]
fn results_are_reported_as_they_come_in() {
    let mut bench = granted();
    let results = |body: &Body| match body {
        Body::Report(report) => Some((report.version, report.successes, report.failures)),
        _ => None,
    };
    bench.step(report(1, 0, 0));
    assert_eq!(bench.request(results).1, (Version(5), 1, 0));
    bench.step(report(1, 1, 0));
    let (id, result) = bench.request(results);
    assert_eq!(result, (Version(5), 0, 1));
    // The sum over the fleet decides.
    bench.version = 8;
    bench.answer(id, AnswerBody::Reported(Verdict::Applied(record(8, State::Closed))));
    assert_eq!(bench.adoptions(), [(Some(G), State::Closed, None)]);
}

#[test]
fn probes_that_decide_here_close_and_open_for_all() {
    let mut bench = granted();
    bench.changed("a", change(4, State::Closed, Why::Probes));
    let (_, written) = bench.written();
    assert_eq!((written[0].state, written[0].right), (State::Closed, Right::Probe { expected: Version(5) }));
    let mut bench = granted();
    bench.changed("a", Change { openings: 2, ..open(4, Why::Probes) });
    let (_, written) = bench.written();
    assert_eq!((written[0].openings, written[0].right), (2, Right::Probe { expected: Version(5) }));
}

/// A record of another instance whose probes have closed the circuit.
fn recovered(version: u64) -> Record {
    Record { cause: "probes_succeeded".into(), ..record(version, State::Closed) }
}

#[test]
fn to_the_fleet_a_circuit_that_ramps_up_is_closed() {
    let mut bench = granted();
    let ramping_up = change(4, State::RampingUp, Why::Probes);
    bench.changed("a", Change { openings: 1, left: Some(30 * SECOND), cause: "probes_succeeded", ..ramping_up });
    let (id, written) = bench.written();
    assert_eq!((written[0].state, written[0].openings), (State::Closed, 0));
    assert_eq!(written[0].right, Right::Probe { expected: Version(5) });
    bench.version = 6;
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 6)]));
    assert_eq!(bench.adoptions(), [], "it is the one that ramps up");
    bench.pass(30 * SECOND);
    bench.sent();
    bench.changed("a", Change { cause: "ramped_up", ..change(5, State::Closed, Why::Expired) });
    bench.writes_nothing();
}

#[test]
fn what_probes_have_closed_ramps_up_where_it_was_open() {
    let mut bench = half_open();
    bench.receive("a", recovered(6));
    bench.outputs.retain(|output| matches!(output, Output::Adopt { .. }));
    let [Output::Adopt { state, .. }] = &bench.outputs[..] else { panic!("{:?}", bench.outputs) };
    assert_eq!((state.state, state.recovered), (State::Closed, Some(Duration::ZERO)));
    // Closed by hand: at once.
    let mut bench = half_open();
    bench.receive("a", Record { cause: "manual".into(), ..record(6, State::Closed) });
    bench.outputs.retain(|output| matches!(output, Output::Adopt { .. }));
    let [Output::Adopt { state, .. }] = &bench.outputs[..] else { panic!("{:?}", bench.outputs) };
    assert_eq!((state.state, state.recovered), (State::Closed, None));
}

#[test]
fn a_circuit_that_was_closed_all_along_does_not_ramp_up() {
    let mut bench = connected();
    bench.opens("a");
    bench.changed("a", change(2, State::Closed, Why::Manual));
    bench.written();
    bench.receive("a", recovered(9));
    let adopts = |output: &Output| matches!(output, Output::Adopt { state, .. } if state.recovered.is_some());
    assert!(!bench.wanted().iter().any(adopts));
}

#[test]
fn of_a_recovery_that_is_heard_of_late_the_rest_is_left() {
    let mut bench = half_open();
    let now = StoreTime(bench.now.0 + AHEAD);
    bench.pass(3 * SECOND);
    bench.outputs.clear();
    bench.step(Input::Received(Message {
        shard: 0,
        now,
        epoch: Epoch(1),
        previous: Version(5),
        version: Version(6),
        records: vec![(Name("a".into()), recovered(6))],
    }));
    let recovered = bench.wanted().into_iter().find_map(|output| match output {
        Output::Adopt { state, .. } => state.recovered,
        _ => None,
    });
    assert_eq!(recovered, Some(3 * SECOND));
}

#[test]
fn a_registry_that_joins_while_a_circuit_ramps_up_publishes_nothing_of_it() {
    let mut bench = connected();
    bench.step(Input::Joined { circuit: circuit("a"), change: change(3, State::RampingUp, Why::Probes) });
    bench.writes_nothing();
}

#[test]
fn without_the_store_probes_go_by_local_rules_after_a_while() {
    let mut bench = half_open();
    bench.step(Input::Disconnected);
    bench.pass(2 * SECOND);
    assert_eq!(bench.wanted(), []);
    // The time of a lease, and up to a quarter of the open period.
    bench.pass(Duration::from_millis(2_500));
    assert_eq!(bench.wanted(), [Output::ReleaseProbes { circuit: circuit("a"), generation: G }]);
    bench.changed("a", change(4, State::Closed, Why::Probes));
    bench.connect();
    let (_, written) = bench.written();
    assert_eq!((written[0].state, written[0].right), (State::Closed, Right::Authority { expected: Version(5) }));
}

#[test]
fn what_was_released_is_held_again_when_the_store_is_back() {
    let mut bench = half_open();
    bench.step(Input::Disconnected);
    bench.pass(10 * SECOND);
    bench.outputs.clear();
    bench.version = 5;
    bench.connect();
    assert!(bench.wanted().contains(&Output::Hold { circuit: circuit("a"), generation: G }));
}

#[test]
fn what_opens_while_the_store_is_gone_is_held_and_released_like_the_rest() {
    let mut bench = connected();
    bench.step(Input::Disconnected);
    bench.opens("a");
    assert!(bench.wanted().contains(&Output::Hold { circuit: circuit("a"), generation: Generation(1) }));
    bench.pass(Duration::from_millis(14_600));
    assert!(bench.wanted().contains(&Output::ReleaseProbes { circuit: circuit("a"), generation: Generation(1) }));
}

#[test]
fn a_circuit_that_only_this_instance_has_open_is_probed_by_local_rules() {
    let mut bench = connected();
    bench.step(Input::Disconnected);
    bench.opens("a");
    bench.connect();
    let (id, _) = bench.written();
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Noted { votes: 1, needed: 2 }]));
    assert!(bench.wanted().contains(&Output::ReleaseProbes { circuit: circuit("a"), generation: Generation(1) }));
}
