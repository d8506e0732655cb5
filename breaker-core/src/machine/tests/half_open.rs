//! Half-open: slots, both thresholds, the time of probes.

use super::*;

const THREE_PROBES: Policy = THREE.half_open_max_calls(3).success_threshold(2).half_open_failure_threshold(2);

#[test]
fn asked_with_a_free_slot_takes_it() {
    let step = ask(&THREE_PROBES, &half_open(in_flight(2)), at(131));
    assert_eq!((step.reply, step.next.probes.in_flight), (Reply::Admitted, 3));
}

#[test]
fn asked_with_all_probes_out_is_rejected_without_a_time() {
    let step = ask(&THREE_PROBES, &half_open(in_flight(3)), at(131));
    assert_eq!((step.reply, step.next), (Reply::Rejected { retry_after: None }, half_open(in_flight(3))));
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
    let step = settle(&THREE, &half_open(in_flight(1)), Observation::Success { slow: true }, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::ProbeFailed)]);
}

#[test]
fn an_ignored_probe_frees_its_slot_and_nothing_else() {
    let snapshot = half_open(Probes { successes: 1, failures: 1, ..in_flight(2) });
    let next = settle(&THREE_PROBES, &snapshot, Observation::Nothing, at(131)).next;
    assert_eq!(next, half_open(Probes { successes: 1, failures: 1, ..in_flight(1) }));
}

#[test]
fn slots_never_go_below_zero() {
    let next = settle(&THREE_PROBES, &half_open(in_flight(0)), Observation::Nothing, at(131)).next;
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
    let trip = Observation::Trip { open_for: Some(seconds(9)) };
    let step = settle(&THREE_PROBES, &half_open(in_flight(1)), trip, at(131));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::Tripped)]);
    assert_eq!((step.next.openings, step.next.deadline), (2, tick(140)));
}

#[test]
fn probe_counts_do_not_outlive_their_episode() {
    let reopened = settle(&THREE, &half_open(Probes { successes: 1, ..in_flight(1) }), FAILURE, at(131)).next;
    let next = ask(&THREE_PROBES, &reopened, at(161)).next;
    assert_eq!(next.probes, in_flight(1));
}

/// Three probes at once, two failures open again, ten seconds for each.
const LIMITED: Policy = THREE_PROBES.half_open_timeout(seconds(10));

/// A probe that was admitted at each of these seconds is out.
fn admitted_at<const N: usize>(seconds: [u64; N]) -> (Snapshot, [Outstanding; N]) {
    let in_flight = u32::try_from(N).unwrap();
    let out = seconds.map(|second| Outstanding { admitted: tick(second), calls: 1 });
    (half_open(Probes { in_flight, ..NO_PROBES }), out)
}

#[test]
fn one_nanosecond_before_its_limit_a_probe_is_out() {
    let policy = THREE.half_open_timeout(seconds(10));
    let almost = Moment { now: Tick::from_nanos(tick(140).as_nanos() - 1), jitter_sample: NO_JITTER };
    let snapshot = half_open(in_flight(1));
    let step = ask(&policy, &snapshot, almost);
    assert_eq!((step.reply, step.next), (Reply::Rejected { retry_after: None }, snapshot));
}

#[test]
fn at_its_limit_a_probe_has_failed() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(140));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::HalfOpenTimeout)]);
    assert_eq!(step.reply, Reply::Rejected { retry_after: Some(seconds(30)) });
    assert_eq!(step.next.openings, 2);
}

#[test]
fn a_limit_that_is_seen_late_has_opened_as_of_its_instant() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(150));
    assert_eq!((step.next.opened_at, step.next.deadline), (tick(140), tick(170)));
    assert_eq!(step.reply, Reply::Rejected { retry_after: Some(seconds(20)) });
}

#[test]
fn each_probe_has_a_limit_of_its_own_and_the_one_that_reaches_the_threshold_opens() {
    let (snapshot, out) = admitted_at([130, 133, 137]);
    let first = step_with(&LIMITED, &snapshot, &out, Input::TimePassed, at(141)).next;
    assert_eq!((first.state, first.probes.in_flight, first.probes.failures), (State::HalfOpen, 2, 1));
    let step = step_with(&LIMITED, &snapshot, &out, Input::TimePassed, at(150));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::HalfOpenTimeout)]);
    assert_eq!(step.next.opened_at, tick(143));
}

#[test]
fn a_limit_and_an_ordinary_failure_add_up() {
    let (mut snapshot, out) = admitted_at([130, 133]);
    snapshot.probes.failures = 1;
    let step = step_with(&LIMITED, &snapshot, &out, Input::TimePassed, at(141));
    assert_eq!((step.next.state, step.next.opened_at), (State::Open, tick(140)));

    let (snapshot, out) = admitted_at([130, 133]);
    let failed = Input::CallSettled { generation: 4, admitted: tick(133), result: FAILURE, tally: NO_CALLS };
    let step = step_with(&LIMITED, &snapshot, &out, failed, at(141));
    assert_eq!(moves(&step), [(State::HalfOpen, State::Open, Trigger::ProbeFailed)]);
    assert_eq!(step.next.opened_at, tick(141));
}

#[test]
fn a_probe_whose_time_is_over_frees_its_slot_for_another() {
    let (snapshot, out) = admitted_at([130, 133, 137]);
    let step = step_with(&LIMITED, &snapshot, &out, Input::CallRequested, at(141));
    assert_eq!((step.reply, step.next.probes.in_flight), (Reply::Admitted, 3));
}

#[test]
fn a_probe_whose_time_is_over_and_that_comes_back_in_the_same_stay_is_late() {
    let (snapshot, out) = admitted_at([130, 133]);
    for result in [SUCCESS, FAILURE, Observation::Nothing, Observation::Trip { open_for: None }] {
        let settled = Input::CallSettled { generation: 4, admitted: tick(130), result, tally: NO_CALLS };
        let step = step_with(&LIMITED, &snapshot, &out, settled, at(141));
        assert_eq!((step.reply, step.slot), (Reply::Late, Slot::Untouched), "{result:?}");
        assert_eq!((step.next.state, step.next.probes.failures, step.next.probes.in_flight), (State::HalfOpen, 1, 1));
    }
}

#[test]
fn a_limit_and_the_expiry_after_it_seen_late_end_in_a_fresh_half_open() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = ask(&policy, &half_open(in_flight(1)), at(170));
    assert_eq!(
        moves(&step),
        [(State::HalfOpen, State::Open, Trigger::HalfOpenTimeout), (State::Open, State::HalfOpen, Trigger::Expired)]
    );
    assert_eq!((step.reply, step.next.openings, step.next.generation), (Reply::Admitted, 2, 6));
    assert_eq!((step.next.probes, step.slot), (in_flight(1), Slot::Taken));
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
fn a_probe_that_returns_after_its_limit_has_opened_the_circuit_is_late() {
    let policy = THREE.half_open_timeout(seconds(10));
    let step = settle(&policy, &half_open(in_flight(1)), SUCCESS, at(141));
    assert_eq!((step.reply, step.next.state), (Reply::Late, State::Open));
}

#[test]
fn half_open_as_such_has_no_limit() {
    for policy in [THREE, THREE.half_open_timeout(seconds(10))] {
        let snapshot = half_open(Probes { successes: 1, failures: 1, ..NO_PROBES });
        assert_eq!(step(&policy, &snapshot, Input::TimePassed, at(1_000_000)).next, snapshot);
    }
}

#[test]
fn without_a_limit_a_probe_gives_its_slot_up_after_the_open_period() {
    assert_eq!(ask(&THREE, &half_open(in_flight(1)), at(159)).reply, Reply::Rejected { retry_after: None });
    let step = ask(&THREE, &half_open(in_flight(1)), at(160));
    assert_eq!((step.reply, moves(&step)), (Reply::Admitted, Vec::new()));
    assert_eq!(step.next.probes, Probes { in_flight: 1, given_up_before: tick(130).next(), ..NO_PROBES });
}

#[test]
fn without_a_limit_a_probe_that_gave_its_slot_up_still_counts_and_frees_nothing() {
    let policy = THREE_PROBES.half_open_max_calls(1);
    let other = ask(&policy, &half_open(in_flight(1)), at(160)).next;
    let out = [Outstanding { admitted: tick(160), calls: 1 }];
    let back = |result| {
        let settled = Input::CallSettled { generation: 4, admitted: tick(130), result, tally: NO_CALLS };
        step_with(&policy, &other, &out, settled, at(161))
    };
    let (succeeded, failed) = (back(SUCCESS), back(FAILURE));
    assert_eq!((succeeded.next.probes.successes, succeeded.next.probes.in_flight), (1, 1));
    assert_eq!((failed.next.probes.failures, failed.next.probes.in_flight), (1, 1));
    assert_eq!((succeeded.slot, failed.slot), (Slot::Untouched, Slot::Untouched));
}

#[test]
fn without_a_limit_the_time_of_a_slot_follows_the_back_off() {
    let policy = THREE.progressive_expiry(seconds(30), 2.0, seconds(300));
    let snapshot = Snapshot { openings: 2, ..half_open(in_flight(1)) };
    assert_ne!(ask(&policy, &snapshot, at(189)).reply, Reply::Admitted);
    assert_eq!(ask(&policy, &snapshot, at(190)).reply, Reply::Admitted);
}

#[test]
fn where_only_an_order_ends_the_open_period_a_slot_is_held_as_long_as_the_circuit_was_open() {
    let policy = THREE.expiry(Duration::MAX);
    assert_ne!(ask(&policy, &half_open(in_flight(1)), at(159)).reply, Reply::Admitted);
    assert_eq!(ask(&policy, &half_open(in_flight(1)), at(160)).reply, Reply::Admitted);
}

#[test]
fn an_endless_limit_never_comes() {
    let policy = THREE.half_open_timeout(Duration::MAX);
    let snapshot = half_open(in_flight(1));
    assert_eq!(ask(&policy, &snapshot, at(500 * 365 * 86_400)).next, snapshot);
}

#[test]
fn a_hole_in_the_list_is_no_probe() {
    let (mut snapshot, mut out) = admitted_at([130, 133]);
    out[0].calls = 0;
    snapshot.probes = Probes { in_flight: 1, failures: 2, ..NO_PROBES };
    let next = step_with(&LIMITED, &snapshot, &out, Input::TimePassed, at(141)).next;
    assert_eq!(next, snapshot);
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
