//! Records of others.

use super::*;

#[test]
fn a_record_is_adopted_in_the_generation_that_was_heard_of_last() {
    let mut bench = connected();
    bench.opens("a");
    bench.receive("a", record(3, State::Open));
    assert_eq!(bench.adoptions(), [(Some(Generation(1)), State::Open, Some(10 * SECOND))]);
    bench.adopted("a", 3, 2);
    bench.receive("a", record(4, State::Closed));
    assert_eq!(bench.adoptions(), [(Some(Generation(2)), State::Closed, None)]);
    bench.writes_nothing();
}

#[test]
fn an_older_record_and_the_same_one_again_are_ignored() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    assert_eq!(bench.adoptions().len(), 1);
    bench.adopted("a", 5, 1);
    bench.wanted();
    for version in [5, 4] {
        bench.message(Version(0), vec![(Name("a".into()), record(version, State::Closed))]);
    }
    assert_eq!(bench.wanted(), []);
}

#[test]
fn what_this_instance_has_written_is_not_adopted_here() {
    let mut bench = connected();
    bench.opens("a");
    let (id, written) = bench.written();
    let Verdict::Applied(own) = applied(&written[0], 7) else { unreachable!() };
    bench.receive("a", own);
    assert!(bench.adoptions().is_empty());
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 7)]));
    assert!(bench.adoptions().is_empty());
}

#[test]
fn a_message_that_was_on_its_way_for_long_opens_for_what_is_left() {
    let mut bench = connected();
    let now = StoreTime(bench.now.0 + AHEAD);
    bench.pass(3 * SECOND);
    bench.step(Input::Received(Message {
        shard: 0,
        now,
        epoch: Epoch(1),
        previous: Version(0),
        version: Version(5),
        records: vec![(Name("a".into()), record(5, State::Open))],
    }));
    assert_eq!(bench.adoptions(), [(None, State::Open, Some(7 * SECOND))]);
}

#[test]
fn a_circuit_that_has_moved_meanwhile_decides_again() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    let moved = |change| Input::Adopted {
        circuit: Some(circuit("a")),
        name: Name("a".into()),
        version: Version(5),
        adoption: Adoption::Moved(change),
    };
    bench.wanted();
    // An opening by the policy gives way, and is adopted over.
    bench.step(moved(open(4, Why::Condition)));
    assert_eq!(bench.adoptions()[0].0, Some(Generation(4)));
    // An order does not.
    bench.step(moved(change(5, State::Disabled, Why::Manual)));
    assert!(bench.adoptions().is_empty());
    assert_eq!(bench.written().1[0].state, State::Disabled);
}

#[test]
fn a_record_of_a_circuit_that_does_not_exist_here_is_remembered_and_forgotten_in_time() {
    let mut bench = connected();
    bench.receive("a", record(5, State::Open));
    assert!(bench.outputs.iter().any(|output| matches!(output, Output::Remember { .. })));
    let name = Name("a".into());
    bench.step(Input::Adopted { circuit: None, name: name.clone(), version: Version(5), adoption: Adoption::Gone });
    assert_eq!(bench.link.status().shared_circuits, 1);
    bench.pass(71 * SECOND);
    assert!(bench.outputs.contains(&Output::Forget { name }));
    assert_eq!(bench.link.status().shared_circuits, 0);
}

#[test]
fn a_hundred_thousand_records_are_taken_in_page_by_page() {
    let mut bench = Bench::new(settings());
    bench.step(Input::Connected);
    let mut version = 0;
    for page in 0..200 {
        let (id, ()) = bench.request(|body| matches!(body, Body::Read { .. }).then_some(()));
        let records = (0..500).map(|_| {
            version += 1;
            (Name(format!("c{version}").into()), record(version, State::ForcedOpen))
        });
        let records = records.collect();
        bench.version = 100_000;
        bench.answer(id, AnswerBody::Records { records, more: page < 199 });
        bench.outputs.retain(|output| matches!(output, Output::Send { .. } | Output::Ready));
    }
    assert_eq!(bench.link.status().shared_circuits, 100_000);
    assert!(bench.outputs.contains(&Output::Ready));
}
