//! The random requests reach everything that a store can answer.

use std::collections::BTreeMap;

use breaker_core::State;

use super::sequence::{Step, sequence};
use crate::protocol::{AnswerBody, Body, Lease, Proposal, Right, Verdict};

fn right(proposal: &Proposal) -> &'static str {
    match proposal.right {
        Right::Vote { .. } => "vote",
        Right::Authority { .. } => "authority",
        Right::Probe { .. } => "probe",
        Right::Order { .. } => "order",
        Right::Restore { .. } => "restore",
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Applied(record) if record.state == State::Closed => "closed",
        Verdict::Applied(_) => "applied",
        Verdict::Noted { .. } => "noted",
        Verdict::Conflict(Some(_)) => "conflict",
        Verdict::Conflict(None) => "no record",
        Verdict::Foreign => "foreign",
    }
}

/// What a step has reached, in words.
fn reached(step: &Step) -> Vec<String> {
    let mut reached: Vec<String> = match (&step.request.body, &step.answer.body) {
        (Body::Propose(proposals), AnswerBody::Proposed(verdicts)) => {
            let both = proposals.iter().zip(verdicts);
            both.map(|(proposal, judged)| format!("{}: {}", right(proposal), verdict(judged))).collect()
        }
        (_, AnswerBody::Reported(judged)) => vec![format!("report: {}", verdict(judged))],
        (_, AnswerBody::Lease(lease)) => vec![match lease {
            Lease::Granted(slots) => format!("lease: {slots} granted"),
            Lease::Full(_) => "lease: full".to_owned(),
            Lease::Early(_) => "lease: early".to_owned(),
            Lease::Conflict(_) => "lease: conflict".to_owned(),
            Lease::Foreign => "lease: foreign".to_owned(),
        }],
        (_, AnswerBody::Records { records, .. }) => vec![format!("read: {}", records.len().min(2))],
        (_, AnswerBody::Alive { instances, missing }) => {
            vec![format!("beat: {instances}"), format!("missing: {}", missing.len().min(1))]
        }
        (_, AnswerBody::Counted(sums)) => sums.iter().map(|sums| format!("count: {}", sums.instances)).collect(),
        _ => Vec::new(),
    };
    reached.push(match step.published.as_slice() {
        [] => "silence".to_owned(),
        [message] if message.records.is_empty() => "poke".to_owned(),
        [_] => "message".to_owned(),
        _ => "messages".to_owned(),
    });
    reached
}

#[test]
fn random_requests_reach_every_answer() {
    let mut counts = BTreeMap::<String, u32>::new();
    for what in (0..300).flat_map(sequence).flat_map(|step| reached(&step)) {
        *counts.entry(what).or_default() += 1;
    }
    let expected = "vote: applied|vote: closed|vote: noted|vote: conflict|vote: no record|authority: applied\
        |authority: closed|authority: conflict|probe: applied|probe: closed|probe: conflict|order: applied|order: closed\
        |order: conflict|restore: applied|restore: closed|restore: conflict|report: applied|report: closed|report: noted\
        |report: conflict|report: no record|lease: 1 granted|lease: 2 granted|lease: 3 granted|lease: full|lease: early\
        |lease: conflict|read: 0|read: 1|read: 2|beat: 1|beat: 2|missing: 0|missing: 1|count: 0|count: 1\
        |count: 2|count: 3|silence|message|messages|poke";
    let rare: Vec<_> = expected
        .split('|')
        .map(|what| (what, counts.get(what).copied().unwrap_or(0)))
        .filter(|(_, n)| *n < 5)
        .collect();
    assert!(rare.is_empty(), "hardly reached: {rare:?} in {counts:#?}");
}
