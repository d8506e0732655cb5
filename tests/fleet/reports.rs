//! What the peer hears of probes.

use breaker_box::{Policy, State};

use crate::support::{Heard, fail, held, joined, seconds, succeed};

#[test]
fn a_probe_is_reported_when_it_is_admitted_and_when_it_is_settled() {
    let all = held(Policy::new().half_open_max_calls(2).success_threshold(3).half_open_failure_threshold(2));
    all.grant(2, 5);
    let first = all.breaker.try_acquire().unwrap();
    let second = all.breaker.try_acquire().unwrap();
    first.success();
    second.failure("refused");
    let reports = all.peer.take_reports();
    let counts: Vec<_> = reports.iter().map(|report| (report.in_flight, report.successes, report.failures)).collect();
    assert_eq!(counts, [(1, 0, 0), (2, 0, 0), (1, 1, 0), (0, 1, 1)]);
    let generation = all.generation();
    for report in reports {
        assert_eq!(report.generation, generation);
        assert_eq!((report.max_calls, report.success_threshold, report.failure_threshold), (2, 3, 2));
    }
}

#[test]
fn a_probe_that_says_nothing_only_frees_its_slot() {
    let all = held(Policy::new());
    all.grant(1, 5);
    drop(all.breaker.try_acquire().unwrap());
    let counts: Vec<_> =
        all.peer.take_reports().iter().map(|report| (report.in_flight, report.successes, report.failures)).collect();
    assert_eq!(counts, [(1, 0, 0), (0, 0, 0)]);
}

#[test]
fn the_next_period_is_the_one_that_a_failure_begins() {
    let policy = Policy::new().progressive_expiry(seconds(10), 2.0, seconds(300)).jitter(0.5);
    let all = held(policy.half_open_failure_threshold(2));
    all.grant(1, 5);
    fail(&all.breaker);
    let report = all.peer.take_reports().pop().unwrap();
    fail(&all.breaker);
    let change = all.peer.take_changes().pop().unwrap();
    assert_eq!((change.state, change.openings), (State::Open, 2));
    assert_eq!((report.next_openings, Some(report.next_period)), (change.openings, change.left));
    assert_ne!(report.next_period, seconds(20));
}

#[test]
fn the_result_that_ends_the_period_is_a_change_and_no_report() {
    let all = held(Policy::new());
    all.grant(1, 5);
    let probe = all.breaker.try_acquire().unwrap();
    all.peer.take();
    probe.success();
    assert!(matches!(&all.peer.take()[..], [Heard::Changed(change)] if change.state == State::Closed));
}

#[test]
fn lapsed_probes_are_reported_as_gone_when_somebody_looks() {
    let all = held(Policy::new());
    all.grant(1, 5);
    let probe = all.breaker.try_acquire().unwrap();
    all.clock.advance(seconds(5));
    all.peer.take();
    all.registry.sweep();
    assert_eq!(all.peer.take_reports().pop().map(|report| report.in_flight), Some(0));
    probe.success();
    assert_eq!(all.peer.take(), []);
}

#[test]
fn a_call_that_ends_the_open_period_and_takes_a_granted_slot_is_reported() {
    let all = joined(Policy::new());
    all.breaker.open();
    all.hold();
    all.grant(1, 60);
    all.clock.advance(seconds(30));
    all.peer.take();
    let probe = all.breaker.try_acquire();
    let heard = all.peer.take();
    let [Heard::Changed(change), Heard::Settled(report)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((change.state, report.generation, report.in_flight), (State::HalfOpen, change.generation, 1));
    drop(probe);
}

#[test]
fn probes_that_are_not_held_are_not_reported() {
    let all = joined(Policy::new().success_threshold(2));
    all.breaker.open();
    all.clock.advance(seconds(30));
    succeed(&all.breaker);
    assert_eq!(all.peer.take_reports(), []);
}
