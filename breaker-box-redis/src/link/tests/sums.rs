//! Calls that are counted over the fleet.

use breaker_core::{Policy, Window};

use super::*;
use crate::link::Called;
use crate::protocol::{Right, Sums};

fn counting() -> Bench {
    let mut bench = with(Settings { counts: true, ..settings() });
    bench.pass(Duration::from_millis(100));
    bench
}

fn called(bench: &mut Bench, calls: u64, failures: u64) {
    let policy = Policy::failure_rate(0.5, Window::time(60 * SECOND)).minimum_calls(20).expiry(30 * SECOND);
    bench.step(Input::Counted(vec![Called { circuit: circuit("a"), policy, calls, failures, slow: 0 }]));
}

fn tallied(body: &Body) -> Option<(u64, u64)> {
    match body {
        Body::Count(tallied) => Some((tallied[0].calls, tallied[0].failures)),
        _ => None,
    }
}

/// Has sent what was counted, and gets these sums.
fn summed(calls: u64, failures: u64, instances: u32) -> Bench {
    let mut bench = counting();
    called(&mut bench, 0, 0);
    bench.sent();
    called(&mut bench, 10, 4);
    let (id, counts) = bench.request(tallied);
    assert_eq!(counts, (10, 4));
    bench.answer(id, AnswerBody::Counted(vec![Sums { calls, failures, slow: 0, instances }]));
    bench
}

#[test]
fn counters_are_read_at_every_flush_and_only_what_was_added_is_sent() {
    let mut bench = counting();
    assert!(bench.wanted().contains(&Output::Count));
    called(&mut bench, 0, 0);
    called(&mut bench, 0, 0);
    assert!(bench.sent().is_empty());
    called(&mut bench, 7, 1);
    assert_eq!(bench.request(tallied).1, (7, 1));
    called(&mut bench, 9, 1);
    assert_eq!(bench.request(tallied).1, (2, 0));
}

#[test]
fn sums_that_reach_the_rate_open_the_circuit_here_and_everywhere() {
    let mut bench = summed(40, 20, 2);
    let (id, written) = bench.written();
    assert_eq!(written[0].right, Right::Authority { expected: Version(0) });
    assert!(written[0].period > 29 * SECOND && written[0].openings == 1);
    bench.wanted();
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 5)]));
    assert_eq!(bench.adoptions()[0].1, State::Open);
}

#[test]
fn sums_below_the_rate_or_the_minimum_or_of_one_instance_do_not() {
    for (calls, failures, instances) in [(40, 19, 2), (19, 19, 2), (40, 40, 1)] {
        summed(calls, failures, instances).writes_nothing();
    }
}
