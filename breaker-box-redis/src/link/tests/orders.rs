//! Orders by hand.

use super::*;
use crate::protocol::Right;

fn store_time(time: Time) -> StoreTime {
    StoreTime(time.0 + AHEAD)
}

#[test]
fn an_order_is_written_with_the_time_at_which_it_was_given() {
    let mut bench = connected();
    let given = bench.now;
    bench.changed("a", change(1, State::ForcedOpen, Why::Manual));
    let (id, written) = bench.written();
    assert_eq!(written[0].right, Right::Order { at: store_time(given) });
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 3)]));
    assert!(bench.adoptions().is_empty());
    assert_eq!(bench.link.status().published, 1);
}

#[test]
fn an_order_given_while_cut_off_waits_and_keeps_its_time() {
    let mut bench = connected();
    bench.step(Input::Disconnected);
    let given = bench.now;
    bench.changed("a", change(1, State::Disabled, Why::Manual));
    bench.pass(60 * SECOND);
    assert_eq!((bench.link.status().pending, bench.link.is_settled()), (1, false));
    bench.connect();
    assert_eq!(bench.written().1[0].right, Right::Order { at: store_time(given) });
}

#[test]
fn an_order_given_before_the_first_connection_is_written_with_its_time() {
    let mut bench = Bench::new(settings());
    let given = bench.now;
    bench.changed("a", change(1, State::ForcedOpen, Why::Manual));
    bench.pass(3 * SECOND);
    bench.connect();
    assert_eq!(bench.written().1[0].right, Right::Order { at: store_time(given) });
}

#[test]
fn of_two_orders_the_later_one_holds_and_that_is_noted() {
    let mut bench = connected();
    bench.changed("a", change(1, State::ForcedOpen, Why::Manual));
    let (id, _) = bench.written();
    let later = Record { ordered: StoreTime(u64::MAX), ..record(9, State::Disabled) };
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Conflict(Some(later))]));
    let lost = Note::OrderLost { name: Name("a".into()), state: State::ForcedOpen, instance: "other".into() };
    assert!(bench.outputs.contains(&Output::Note(lost)));
    assert_eq!(bench.adoptions(), [(Some(Generation(1)), State::Disabled, None)]);
}

#[test]
fn nothing_that_the_policy_decides_replaces_an_order() {
    let mut bench = connected();
    bench.step(Input::Disconnected);
    bench.changed("a", change(1, State::Closed, Why::Manual));
    bench.changed("a", open(2, Why::Condition));
    bench.connect();
    let (id, written) = bench.written();
    assert_eq!(written[0].state, State::Closed);
    bench.answer(id, AnswerBody::Proposed(vec![applied(&written[0], 4)]));
    assert!(bench.adoptions().is_empty());
    let (_, written) = bench.written();
    assert_eq!(written[0].right, Right::Vote { expected: Version(4), instances: 2, share: 0.0 });
}

#[test]
fn a_reset_of_a_closed_circuit_is_written_too() {
    let mut bench = connected();
    bench.changed("a", change(1, State::Closed, Why::Manual));
    assert_eq!(bench.written().1[0].state, State::Closed);
}

#[test]
fn a_circuit_from_before_the_registry_joined_is_published_if_the_fleet_knows_nothing_of_it() {
    let mut bench = Bench::new(settings());
    bench.step(Input::Joined { circuit: circuit("a"), change: change(1, State::ForcedOpen, Why::Manual) });
    bench.connect();
    assert_eq!(bench.written().1[0].state, State::ForcedOpen);
}

#[test]
fn what_the_fleet_knows_wins_over_a_circuit_from_before_the_registry_joined() {
    let mut bench = Bench::new(settings());
    bench.step(Input::Joined { circuit: circuit("a"), change: change(1, State::ForcedOpen, Why::Manual) });
    bench.receive("a", record(5, State::Disabled));
    assert_eq!(bench.adoptions(), [(Some(Generation(1)), State::Disabled, None)]);
    bench.adopted("a", 5, 2);
    bench.connect();
    bench.writes_nothing();
}

/// A circuit that was made to differ here, before the registry joined.
fn different_before() -> Bench {
    let mut bench = Bench::new(settings());
    let change = Change { only_here: true, ..change(1, State::MetricsOnly, Why::Manual) };
    bench.step(Input::Joined { circuit: circuit("a"), change });
    bench
}

#[test]
fn a_circuit_that_differs_here_since_before_the_registry_joined_is_not_published() {
    let mut bench = different_before();
    bench.connect();
    bench.writes_nothing();
}

#[test]
fn it_goes_on_to_differ_from_what_the_fleet_came_to_by_itself() {
    for state in [State::Closed, State::Open] {
        let mut bench = different_before();
        bench.receive("a", record(5, state));
        bench.connect();
        assert!(bench.adoptions().is_empty(), "{state}");
        bench.writes_nothing();
        bench.receive("a", record(6, State::Open));
        assert_eq!(bench.adoptions()[0].1, State::Open, "the next record counts");
    }
}

#[test]
fn what_was_ordered_for_the_fleet_wins_over_a_circuit_that_differs_here() {
    for state in [State::ForcedOpen, State::Disabled] {
        let mut bench = different_before();
        bench.receive("a", record(5, state));
        assert_eq!(bench.adoptions(), [(Some(Generation(1)), state, None)]);
        bench.adopted("a", 5, 2);
        bench.connect();
        bench.writes_nothing();
    }
}

#[test]
fn an_instance_that_leaves_writes_its_last_order_and_withdraws_the_rest() {
    let mut bench = connected();
    bench.changed("a", change(1, State::ForcedOpen, Why::Manual));
    bench.step(Input::Leave);
    let bodies: Vec<Body> = bench.sent().into_iter().map(|(_, request)| request.body).collect();
    assert!(matches!(bodies[0], Body::Propose(_)), "{bodies:?}");
    assert!(matches!(bodies.last(), Some(Body::Leave { .. })), "{bodies:?}");
}
