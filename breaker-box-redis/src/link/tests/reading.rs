//! Readings, heartbeats, and losses of data.

use super::*;
use crate::link::Failure;
use crate::protocol::Right;

fn read(body: &Body) -> Option<Version> {
    match body {
        Body::Read { after } => Some(*after),
        _ => None,
    }
}

#[test]
fn a_gap_between_messages_is_read() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    assert!(bench.sent().is_empty());
    bench.version = 9;
    bench.message(Version(8), vec![(Name("b".into()), record(9, State::Open))]);
    assert_eq!(bench.request(read).1, Version(5));
}

#[test]
fn in_a_storm_it_is_read_after_a_delay_of_its_own() {
    let mut bench = connected();
    bench.version = 9;
    bench.message(Version(0), Vec::new());
    assert!(bench.sent().is_empty());
    bench.pass(Duration::from_millis(251));
    assert_eq!(bench.request(read).1, Version(0));
}

#[test]
fn a_later_reading_leaves_the_circuits_alone_that_did_not_change() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    bench.adopted("a", 5, 1);
    bench.step(Input::Missed);
    let (id, _) = bench.request(read);
    bench.outputs.clear();
    bench.answer(id, AnswerBody::Records { records: Vec::new(), more: false });
    assert_eq!(bench.wanted(), []);
}

#[test]
fn messages_that_were_dropped_are_made_up_for() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    bench.step(Input::Missed);
    assert_eq!(bench.request(read).1, Version(5));
}

#[test]
fn a_heartbeat_names_what_is_held_and_what_is_missing_is_written_again() {
    let mut bench = connected();
    bench.receive("a", record(5, State::ForcedOpen));
    bench.adopted("a", 5, 1);
    bench.pass(6 * SECOND);
    let (id, held) = bench.request(|body| match body {
        Body::Beat { held, within } => Some((held.clone(), *within)),
        _ => None,
    });
    assert_eq!(held, (vec![Name("a".into())], 15 * SECOND));
    bench.answer(id, AnswerBody::Alive { instances: 3, missing: vec![Name("a".into())] });
    assert_eq!(bench.link.status().instances, 3);
    let (id, written) = bench.written();
    assert_eq!(written[0].right, Right::Restore { floor: Version(5), ordered: StoreTime(0) });
    // It is in force here already.
    bench.wanted();
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 8)]));
    assert!(bench.adoptions().is_empty());
}

#[test]
fn another_epoch_means_that_data_were_lost_and_what_is_held_is_written_again() {
    let mut bench = connected();
    let closed_by_hand = Record { ordered: StoreTime(77), ..record(6, State::Closed) };
    bench.receive("a", record(5, State::ForcedOpen));
    bench.adopted("a", 5, 1);
    bench.receive("b", closed_by_hand);
    bench.receive("c", record(7, State::Closed));
    bench.wanted();
    (bench.epoch, bench.version) = (2, 0);
    bench.pass(6 * SECOND);
    let (id, ()) = bench.request(|body| matches!(body, Body::Beat { .. }).then_some(()));
    bench.answer(id, AnswerBody::Alive { instances: 1, missing: Vec::new() });
    assert!(bench.outputs.contains(&Output::Note(Note::DataLost { shard: 0 })));
    let (id, after) = bench.request(read);
    assert_eq!(after, Version(0));
    bench.answer(id, AnswerBody::Records { records: Vec::new(), more: false });
    let (_, mut written) = bench.written();
    written.sort_by(|one, other| one.name.cmp(&other.name));
    let rights: Vec<Right> = written.iter().map(|proposal| proposal.right).collect();
    assert_eq!(
        rights,
        [
            Right::Restore { floor: Version(5), ordered: StoreTime(0) },
            Right::Restore { floor: Version(6), ordered: StoreTime(77) },
        ]
    );
}

#[test]
fn a_store_that_is_silent_for_two_heartbeats_is_given_up() {
    let mut bench = connected();
    for _ in 0..4 {
        bench.pass(3 * SECOND);
        for (id, _) in bench.sent() {
            bench.step(Input::Answered { id, answer: Err(Failure::Lost) });
        }
    }
    assert_eq!(bench.wanted().iter().filter(|output| **output == Output::Reconnect).count(), 1);
}

#[test]
fn a_replica_is_left_at_once() {
    let mut bench = connected();
    bench.opens("a");
    let (id, _) = bench.written();
    bench.step(Input::Answered { id, answer: Err(Failure::ReadOnly) });
    assert!(bench.outputs.contains(&Output::Reconnect));
}

#[test]
fn an_idle_instance_says_no_more_than_that_it_lives() {
    let mut bench = connected();
    let mut beats = 0;
    for _ in 0..100 {
        bench.pass(SECOND);
        for (id, request) in bench.sent() {
            assert!(matches!(request.body, Body::Beat { .. }), "{request:?}");
            beats += 1;
            bench.answer(id, AnswerBody::Alive { instances: 1, missing: Vec::new() });
        }
    }
    assert!((16..=26).contains(&beats), "{beats}");
}

#[test]
fn a_version_from_the_far_future_is_not_believed() {
    let mut bench = connected();
    bench.pass(SECOND);
    let far = bench.now.0 + 20 * 365 * 86_400_000_000;
    bench.receive("a", record(far, State::ForcedOpen));
    assert!(!bench.wanted().iter().any(|output| matches!(output, Output::Adopt { .. })));
    bench.receive("a", record(5, State::ForcedOpen));
    assert!(bench.wanted().iter().any(|output| matches!(output, Output::Adopt { .. })));
}
