//! Circuits open here.

use super::*;
use crate::link::{Failure, Survey};
use crate::protocol::Right;

#[test]
fn an_opening_by_the_policy_is_a_vote_at_the_version_that_is_known() {
    let mut bench = connected();
    bench.opens("a");
    let (id, written) = bench.written();
    assert_eq!(written[0].right, Right::Vote { expected: Version(0), instances: 2, share: 0.0 });
    assert!(written[0].period < 10 * SECOND && written[0].period > 9 * SECOND);
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Noted { votes: 1, needed: 2 }]));
    assert!(bench.link.is_settled());
}

#[test]
fn openings_are_gathered_into_requests_of_sixty_four() {
    let mut bench = connected();
    for number in 0..100 {
        bench.opens(&format!("c{number}"));
    }
    bench.step(Input::Surveyed(Survey { active: 1_000, circuits: Vec::new() }));
    assert!(bench.sent().is_empty());
    bench.pass(Duration::from_millis(5));
    let sizes = bench.sent().into_iter().filter_map(|(_, request)| match request.body {
        Body::Propose(proposals) => Some(proposals.len()),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [64, 36]);
}

#[test]
fn five_thousand_openings_at_once_are_written_in_the_end_and_no_faster_than_allowed() {
    let mut bench = connected();
    for number in 0..5_000 {
        bench.opens(&format!("c{number}"));
    }
    bench.step(Input::Surveyed(Survey { active: 20_000, circuits: Vec::new() }));
    let mut written = 0;
    let mut first = 0;
    while bench.link.status().pending > 0 {
        bench.pass(Duration::from_millis(100));
        for (id, request) in bench.sent() {
            if let Body::Propose(proposals) = request.body {
                written += proposals.len();
                let verdicts = vec![Verdict::Noted { votes: 1, needed: 2 }; proposals.len()];
                bench.answer(id, AnswerBody::Proposed(verdicts));
            }
        }
        first = if first == 0 { written } else { first };
        // What is over needs no vote any more.
        if bench.now > Time(50_000_000) + 11 * SECOND {
            break;
        }
    }
    assert!((500..=510).contains(&first), "{first}");
    assert!((1_300..=1_600).contains(&written), "{written}");
    bench.pass(SECOND);
    assert_eq!(bench.link.status().pending, 0);
}

#[test]
fn a_vote_that_was_lost_is_repeated() {
    let mut bench = connected();
    bench.opens("a");
    let (id, _) = bench.written();
    bench.step(Input::Answered { id, answer: Err(Failure::Lost) });
    bench.pass(SECOND);
    bench.request(|body| matches!(body, Body::Propose(_)).then_some(()));
}

#[test]
fn a_vote_is_withdrawn_when_the_circuit_closes_before_the_fleet_agrees() {
    let mut bench = connected();
    bench.opens("a");
    let (id, _) = bench.written();
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Noted { votes: 1, needed: 2 }]));
    bench.changed("a", change(2, State::Closed, Why::Probes));
    let (_, names) = bench.request(|body| match body {
        Body::Withdraw { names } => Some(names.clone()),
        _ => None,
    });
    assert_eq!(names, [Name("a".into())]);
}

#[test]
fn a_circuit_that_closes_at_once_is_not_voted_for() {
    let mut bench = connected();
    bench.opens("a");
    bench.changed("a", change(2, State::Closed, Why::Probes));
    bench.writes_nothing();
}

#[test]
fn what_was_adopted_is_not_published() {
    let mut bench = connected();
    bench.changed("a", open(1, Why::Remote));
    bench.writes_nothing();
}

#[test]
fn a_change_for_this_instance_only_is_not_published() {
    let mut bench = connected();
    bench.changed("a", Change { only_here: true, ..change(1, State::ForcedOpen, Why::Manual) });
    bench.writes_nothing();
}

#[test]
fn an_instance_with_most_of_its_circuits_open_does_not_vote() {
    let mut bench = connected();
    for name in ["a", "b", "c"] {
        bench.opens(name);
    }
    assert!(bench.wanted().contains(&Output::Survey { circuits: 0 }));
    bench.step(Input::Surveyed(Survey { active: 5, circuits: Vec::new() }));
    bench.writes_nothing();
    assert_eq!(bench.notes(), [Note::SelfDoubt { open: 3, active: 5 }]);
}

#[test]
fn votes_are_withdrawn_when_most_circuits_are_open() {
    let mut bench = connected();
    bench.opens("a");
    bench.step(Input::Surveyed(Survey { active: 5, circuits: Vec::new() }));
    let (id, _) = bench.written();
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Noted { votes: 1, needed: 2 }]));
    bench.opens("b");
    bench.opens("c");
    bench.pass(Duration::from_millis(10));
    let (_, names) = bench.request(|body| match body {
        Body::Withdraw { names } => Some(names.clone()),
        _ => None,
    });
    assert_eq!(names, [Name("a".into())]);
}

#[test]
fn where_the_votes_needed_depend_on_it_the_circuits_that_are_called_are_reported() {
    let mut bench = with(Settings { share: 0.5, ..settings() });
    bench.pass(5 * SECOND);
    assert!(bench.wanted().iter().any(|output| matches!(output, Output::Survey { circuits: 1.. })));
    bench.step(Input::Surveyed(Survey { active: 1, circuits: vec![circuit("a")] }));
    let (_, names) = bench.request(|body| match body {
        Body::Active { names } => Some(names.clone()),
        _ => None,
    });
    assert_eq!(names, [Name("a".into())]);
    bench.opens("a");
    assert_eq!(bench.written().1[0].right, Right::Vote { expected: Version(0), instances: 2, share: 0.5 });
}

#[test]
fn an_instance_with_few_circuits_votes() {
    let mut bench = connected();
    for name in ["a", "b", "c"] {
        bench.opens(name);
    }
    bench.step(Input::Surveyed(Survey { active: 3, circuits: Vec::new() }));
    assert_eq!(bench.written().1.len(), 3);
}

#[test]
fn a_trip_is_written_without_a_vote() {
    let mut bench = connected();
    bench.changed("a", open(1, Why::Trip));
    assert_eq!(bench.written().1[0].right, Right::Authority { expected: Version(0) });
}

#[test]
fn a_trip_that_lasts_longer_than_what_the_fleet_has_is_written_over_it() {
    let mut bench = connected();
    bench.changed("a", open(1, Why::Trip));
    let (id, _) = bench.written();
    let shorter = Record { left: 2 * SECOND, ..record(5, State::Open) };
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Conflict(Some(shorter))]));
    assert_eq!(bench.written().1[0].right, Right::Authority { expected: Version(5) });
}

#[test]
fn a_trip_that_is_shorter_than_what_the_fleet_has_gives_way() {
    let mut bench = connected();
    bench.changed("a", open(1, Why::Trip));
    let (id, _) = bench.written();
    let longer = Record { left: 20 * SECOND, period: 20 * SECOND, ..record(5, State::Open) };
    bench.answer(id, AnswerBody::Proposed(vec![Verdict::Conflict(Some(longer))]));
    assert_eq!(bench.adoptions(), [(Some(Generation(1)), State::Open, Some(20 * SECOND))]);
}

#[test]
fn reasons_stay_here_unless_they_are_to_be_shared() {
    for share_reasons in [false, true] {
        let mut bench = with(Settings { share_reasons, ..settings() });
        bench.changed("a", Change { reason: Some("line\nfeed".into()), ..open(1, Why::Trip) });
        let (_, written) = bench.written();
        assert_eq!(written[0].reason.as_deref(), share_reasons.then_some("line\\nfeed"));
    }
}
