//! Asserts what this example claims. The margins are wide: it must hold on a small and busy
//! machine too.

use std::time::Duration;

use breaker_box::{Cause, Registry, State, Status};

use crate::answer::{Answer, Call};
use crate::schedule::{Phase, STAGES};
use crate::summary::Account;
use crate::timeline::Timeline;

/// Longer than any circuit here stays open, with much room for a busy machine.
const SOON: Duration = Duration::from_secs(5);

pub(crate) fn all(
    registry: &Registry,
    recovered: &[Status],
    timeline: &Timeline,
    protected: &Account,
    unprotected: &Account,
) {
    the_failing_server_was_left_alone(protected, unprotected);
    callers_waited_less_and_got_more(protected, unprotected);
    everything_recovered(recovered, protected, unprotected);
    every_call_is_accounted_for(registry, protected);
    panics_were_recorded_and_resumed(registry, timeline, protected, unprotected);
    one_shop_did_not_take_the_others_down(protected);
    circuits_opened_for_the_reasons_in_their_policies(timeline);
    for account in [protected, unprotected] {
        requests_add_up(account);
    }
    println!("everything claimed here was checked");
}

fn the_failing_server_was_left_alone(protected: &Account, unprotected: &Account) {
    let (few, many) = (protected.failing_requests(), unprotected.failing_requests());
    assert!(few * 2 < many, "{few} requests met the failing server, {many} without protection");
}

fn callers_waited_less_and_got_more(protected: &Account, unprotected: &Account) {
    let (with, without) = (protected.outage(), unprotected.outage());
    assert!(with.waited < without.waited, "waited {:?}, without protection {:?}", with.waited, without.waited);
    assert!(with.useful > without.useful, "{} useful answers, {} without fallbacks", with.useful, without.useful);
}

fn everything_recovered(circuits: &[Status], protected: &Account, unprotected: &Account) {
    for Status { key, state, .. } in circuits {
        assert_eq!(*state, State::Closed, "{key} after the server has recovered");
    }
    for account in [protected, unprotected] {
        assert_eq!(account.counts.recovered.len(), account.counts.calls().len(), "every function works again");
        let slowest = account.slowest_recovery();
        assert!(slowest.is_some_and(|slowest| slowest < SOON), "the slowest one took {slowest:?}");
    }
}

/// The library's totals against the callers' own count, circuit by circuit.
fn every_call_is_accounted_for(registry: &Registry, protected: &Account) {
    assert_eq!(registry.len(), protected.counts.calls().len(), "a circuit for each function and shop");
    for call in protected.counts.calls() {
        let totals = registry.status(call.to_string()).expect("each function has its circuit").totals;
        let calls = protected.counts.count(|other, _| other == call);
        let settled = totals.successes + totals.failures + totals.ignored + totals.cancelled + totals.late;
        assert_eq!(settled + totals.rejected, calls, "{call}: {totals:?}");
        let rejections = protected.counts.count(|other, answer| other == call && answer.is_rejection());
        assert_eq!(totals.rejected, rejections, "{call}: rejected, and told so or answered by the fallback");
    }
    let declined = protected.counts.count(|_, answer| *answer == Answer::Declined);
    let ignored: u64 = registry.list().iter().map(|status| status.totals.ignored).sum();
    let late: u64 = registry.list().iter().map(|status| status.totals.late).sum();
    assert!(ignored > 0, "some cards were declined");
    assert!(ignored <= declined && declined <= ignored + late, "{declined} declined, {ignored} ignored, {late} late");
}

fn panics_were_recorded_and_resumed(
    registry: &Registry,
    timeline: &Timeline,
    protected: &Account,
    unprotected: &Account,
) {
    let totals: Vec<_> = registry.list().into_iter().map(|status| status.totals).collect();
    let recorded: u64 = totals.iter().map(|totals| totals.panicked).sum();
    let late: u64 = totals.iter().map(|totals| totals.late).sum();
    let caught = protected.counts.count(|_, answer| *answer == Answer::Panicked);
    assert!(recorded > 0, "the garbled answers made the parser panic");
    // A panic that comes after the circuit has changed its state is counted as late only.
    assert!(
        recorded <= caught && caught <= recorded + late,
        "{recorded} panics recorded, {caught} caught, {late} late"
    );
    assert!(timeline.panics() >= recorded, "{} panics announced, {recorded} recorded", timeline.panics());
    assert!(caught < unprotected.counts.count(|_, answer| *answer == Answer::Panicked), "most were never risked");
}

fn one_shop_did_not_take_the_others_down(protected: &Account) {
    let answers = |shop, sort: fn(&Answer) -> bool| {
        protected.counts.count_by_stage(|stage, call, answer| {
            STAGES[stage].phase == Phase::OneShopFails && call == Call::ShopBalance(shop) && sort(answer)
        })
    };
    let (open, live) = (|shop| answers(shop, Answer::is_rejection), |shop| answers(shop, Answer::is_useful));
    assert!(open(13) > open(11) + open(12), "shop 13's circuit was open, the others' were not");
    assert!(live(11) > 0 && live(12) > 0, "the other shops got their balance");
}

fn circuits_opened_for_the_reasons_in_their_policies(timeline: &Timeline) {
    for (wanted, what) in [
        (Cause::ConsecutiveFailures, "a shop failed three times in a row"),
        (Cause::FailureRate, "half of the risk scores failed"),
        (Cause::SlowCallRate, "half of the rates came late"),
        (Cause::ProbeFailed, "a probe found the server still down"),
        (Cause::ProbesSucceeded, "a probe found it well"),
    ] {
        assert!(timeline.has_seen(|cause| *cause == wanted), "{what}");
    }
    let asked = |cause: &Cause| cause.reason().is_some_and(|reason| reason.contains("503"));
    assert!(
        timeline.has_seen(|cause| matches!(cause, Cause::Tripped { .. }) && asked(cause)),
        "Retry-After was honoured"
    );
}

/// The client's count against the server's.
fn requests_add_up(account: &Account) {
    let Account { sent, unreachable, answered, received, .. } = account;
    assert!(answered <= received && received <= sent, "{answered} answered, {received} received, {sent} sent");
    assert!(answered + unreachable <= *sent, "{answered} answered and {unreachable} unreachable of {sent}");
    let calls = account.counts.count(|_, _| true);
    let rejections = account.counts.count(|_, answer| answer.is_rejection());
    assert_eq!(*sent, calls - rejections, "what was not rejected was sent, once");
}
