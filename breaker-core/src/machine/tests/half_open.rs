//! Half-open: slots, both thresholds, the time limit.

use super::*;

const THREE_PROBES: Policy = THREE.half_open_max_calls(3).success_threshold(2).half_open_failure_threshold(2);

#[test]
fn asked_with_a_free_slot_takes_it() {
    let step = ask(&THREE_PROBES, &half_open(in_flight(2)), at(131));
    assert_eq!((step.verdict, step.next.probes.in_flight), (Verdict::Admitted, 3));
}

#[test]
fn asked_with_all_probes_out_is_rejected_without_a_time() {
    let step = ask(&THREE_PROBES, &half_open(in_flight(3)), at(131));
    assert_eq!((step.verdict, step.next), (Verdict::Rejected { retry_after: None }, half_open(in_flight(3))));
}

#[test]
fn only_the_first_probe_starts_the_time_limit() {
    let first = ask(&THREE_PROBES, &half_open(NO_PROBES), at(140)).next;
    let second = ask(&THREE_PROBES, &first, at(150)).next;
    assert_eq!(second.probes.since, Some(tick(140)));
}

#[test]
fn a_success_below_the_threshold_frees_its_slot_and_is_counted() {
    let next = settle(&THREE_PROBES, &half_open(in_flight(2)), SUCCESS, at(131)).next;
    assert_eq!((next.state, next.probes), (State::HalfOpen, Probes { successes: 1, ..in_flight(1) }));
}

#[test]
fn the_success_that_reaches_the_threshold_closes() {
    let snapshot = half_open(Probes { successes: 1, ..in_flight(1) });
    let step = settle(&THREE_PROBES, &snapshot, SUCCESS, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Closed, Trigger::ProbesSucceeded)]);
}

#[test]
fn closing_by_probes_forgets_openings_and_counts_and_begins_a_generation() {
    let step = settle(&THREE, &half_open(in_flight(1)), SUCCESS, at(131));
    let Snapshot { openings, failures_in_row, generation, .. } = step.next;
    assert_eq!((openings, failures_in_row, generation, step.clears_counts), (0, 0, 5, true));
}

#[test]
fn a_failure_below_the_threshold_frees_its_slot_and_is_counted() {
    let next = settle(&THREE_PROBES, &half_open(in_flight(2)), FAILURE, at(131)).next;
    assert_eq!((next.state, next.probes), (State::HalfOpen, Probes { failures: 1, ..in_flight(1) }));
}

#[test]
fn the_failure_that_reaches_the_threshold_opens_again() {
    let snapshot = half_open(Probes { failures: 1, ..in_flight(1) });
    let step = settle(&THREE_PROBES, &snapshot, FAILURE, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::ProbeFailed)]);
    assert_eq!((step.next.openings, step.next.generation, step.next.deadline), (2, 5, tick(161)));
}

#[test]
fn a_slow_success_counts_as_a_failed_probe() {
    let step = settle(&THREE, &half_open(in_flight(1)), CallResult::Success { slow: true }, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::ProbeFailed)]);
}

#[test]
fn an_ignored_probe_frees_its_slot_and_nothing_else() {
    let snapshot = half_open(Probes { successes: 1, failures: 1, ..in_flight(2) });
    let next = settle(&THREE_PROBES, &snapshot, CallResult::Nothing, at(131)).next;
    assert_eq!(next, half_open(Probes { successes: 1, failures: 1, ..in_flight(1) }));
}

#[test]
fn slots_never_go_below_zero() {
    let next = settle(&THREE_PROBES, &half_open(in_flight(0)), CallResult::Nothing, at(131)).next;
    assert_eq!(next.probes.in_flight, 0);
}

#[test]
fn a_report_counts_as_a_probe_but_frees_no_slot() {
    let next = report(&THREE_PROBES, &half_open(in_flight(2)), SUCCESS, at(131)).next;
    assert_eq!(next.probes, Probes { successes: 1, ..in_flight(2) });
}

#[test]
fn a_reported_failure_opens_again() {
    let step = report(&THREE, &half_open(NO_PROBES), FAILURE, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::ProbeFailed)]);
}

#[test]
fn a_trip_opens_again_for_its_time_whatever_the_threshold() {
    let trip = CallResult::Trip { open_for: Some(seconds(9)) };
    let step = settle(&THREE_PROBES, &half_open(in_flight(1)), trip, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::Tripped)]);
    assert_eq!((step.next.openings, step.next.deadline), (2, tick(140)));
}

#[test]
fn probe_counts_do_not_outlive_their_episode() {
    let reopened = settle(&THREE, &half_open(Probes { successes: 1, ..in_flight(1) }), FAILURE, at(131)).next;
    let next = ask(&THREE_PROBES, &reopened, at(161)).next;
    assert_eq!(next.probes, Probes { in_flight: 1, successes: 0, failures: 0, since: Some(tick(161)) });
}

#[test]
fn one_nanosecond_before_its_limit_half_open_goes_on() {
    let policy = THREE.half_open_timeout(seconds(10));
    let almost = Moment { now: Tick::from_nanos(tick(140).as_nanos() - 1), luck: 0.0 };
    assert_eq!(ask(&policy, &half_open(in_flight(1)), almost).next.state, State::HalfOpen);
}

#[test]
fn at_its_limit_half_open_opens_again() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(140));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::HalfOpenTimeout)]);
    assert_eq!(step.verdict, Verdict::Rejected { retry_after: Some(seconds(30)) });
    assert_eq!(step.next.openings, 2);
}

#[test]
fn a_limit_that_is_seen_late_has_opened_as_of_its_instant() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(150));
    assert_eq!((step.next.opened_at, step.next.deadline), (tick(140), tick(170)));
    assert_eq!(step.verdict, Verdict::Rejected { retry_after: Some(seconds(20)) });
}

#[test]
fn a_limit_and_the_expiry_after_it_seen_late_end_in_a_fresh_half_open() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(170));
    assert_eq!(
        moves(&step),
        [(State::HalfOpen, State::Open, Trigger::HalfOpenTimeout), (State::Open, State::HalfOpen, Trigger::Expired)]
    );
    assert_eq!((step.verdict, step.next.openings, step.next.generation), (Verdict::Admitted, 2, 6));
    assert_eq!(step.next.probes, Probes { since: Some(tick(170)), ..in_flight(1) });
}

#[test]
fn a_cascade_and_the_verdict_after_it_fit_in_one_step() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = report(&policy, &half_open(in_flight(1)), FAILURE, at(1_000));
    assert_eq!(
        moves(&step),
        [
            (State::HalfOpen, State::Open, Trigger::HalfOpenTimeout),
            (State::Open, State::HalfOpen, Trigger::Expired),
            (State::HalfOpen, State::Open, Trigger::ProbeFailed),
        ]
    );
}

#[test]
fn a_probe_that_returns_after_the_limit_is_late() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = settle(&policy, &half_open(in_flight(1)), SUCCESS, at(141));
    assert_eq!((step.verdict, step.next.state), (Verdict::Late, State::Open));
}

#[test]
fn without_a_probe_half_open_has_no_limit() {
    let policy = THREE.half_open_timeout(seconds(10));
    let snapshot = half_open(NO_PROBES);
    assert_eq!(step(&policy, &snapshot, Event::TimePassed, at(1_000_000)).next, snapshot);
}

#[test]
fn a_limit_that_is_not_set_is_the_expiry() {
    assert_eq!(ask(&THREE, &half_open(in_flight(1)), at(159)).next.state, State::HalfOpen);
    assert_eq!(ask(&THREE, &half_open(in_flight(1)), at(160)).next.state, State::Open);
}

#[test]
fn an_endless_limit_never_comes() {
    let policy = THREE.half_open_timeout(Duration::MAX);
    assert_eq!(ask(&policy, &half_open(in_flight(1)), at(500 * 365 * 86_400)).next.state, State::HalfOpen);
}

#[test]
fn a_limit_that_ends_in_the_period_of_the_next_opening_uses_its_back_off() {
    let policy = THREE.progressive_expiry(seconds(30), 2.0, seconds(300)).half_open_timeout(seconds(10));
    assert_eq!(period(&ask(&policy, &half_open(in_flight(1)), at(141))), seconds(60));
}

#[test]
fn counts_of_probes_saturate() {
    let full = Probes { successes: u32::MAX, failures: u32::MAX, ..in_flight(2) };
    let policy = THREE.half_open_max_calls(3);
    assert_eq!(settle(&policy, &half_open(full), SUCCESS, at(131)).next.state, State::Closed);
    assert_eq!(settle(&policy, &half_open(full), FAILURE, at(131)).next.state, State::Open);
}
