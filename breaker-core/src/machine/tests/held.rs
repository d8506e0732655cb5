//! Probes that are held, granted and released.

use super::*;

const NANO: Duration = Duration::from_nanos(1);
/// Three probes at a time, and as many of either kind decide.
const MANY: Policy = THREE.half_open_max_calls(3).success_threshold(3).half_open_failure_threshold(3);

fn order_with(policy: &Policy, snapshot: &Snapshot, order: ProbeOrder, moment: Moment<'_>) -> Step {
    step(policy, snapshot, Input::Probes { generation: snapshot.generation, order }, moment)
}

fn order_probes(snapshot: &Snapshot, order: ProbeOrder, moment: Moment<'_>) -> Step {
    order_with(&MANY, snapshot, order, moment)
}

fn hold(snapshot: &Snapshot) -> Snapshot {
    let step = order_probes(snapshot, ProbeOrder::Hold, at(130));
    assert_eq!(step.reply, Reply::Done);
    step.next
}

const fn grant(slots: u32, within: u64) -> ProbeOrder {
    ProbeOrder::Grant { slots, within: seconds(within) }
}

/// Half-open since second 130, held, with so many slots until second 140.
fn granted(slots: u32, probes: Probes) -> Snapshot {
    let step = order_probes(&hold(&half_open(probes)), grant(slots, 10), at(130));
    assert_eq!(step.reply, Reply::Done);
    step.next
}

const REJECTED: Reply = Reply::Rejected { retry_after: None };

fn just_before(second: u64) -> Moment<'static> {
    Moment { now: Tick::from_nanos(tick(second).as_nanos() - 1), ..at(0) }
}

#[test]
fn a_held_circuit_has_no_slot_without_a_grant() {
    let held = hold(&half_open(NO_PROBES));
    assert!(held.has_all_probes_out(&MANY));
    assert_eq!(ask(&MANY, &held, at(10_000)).reply, REJECTED);
}

#[test]
fn a_grant_gives_as_many_slots_as_it_says_and_as_the_policy_allows() {
    for (slots, expected) in [(0, 0), (1, 1), (2, 2), (3, 3), (9, 3)] {
        let mut snapshot = granted(slots, NO_PROBES);
        let mut admitted = 0;
        loop {
            let step = ask(&MANY, &snapshot, at(130));
            snapshot = step.next;
            if step.reply != Reply::Admitted {
                break;
            }
            admitted += 1;
        }
        assert_eq!(admitted, expected, "{slots} slots");
    }
}

#[test]
fn a_grant_lapses_at_its_instant_and_not_before() {
    let granted = granted(1, NO_PROBES);
    assert_eq!(ask(&MANY, &granted, just_before(140)).reply, Reply::Admitted);
    assert_eq!(ask(&MANY, &granted, at(140)).reply, REJECTED);
    assert_eq!(ask(&MANY, &granted, at(10_000)).reply, REJECTED);
}

#[test]
fn a_probe_that_returns_in_time_counts_and_one_that_returns_after_the_lapse_is_late() {
    let granted = granted(2, in_flight(2));
    let in_time = settle(&MANY, &granted, SUCCESS, just_before(140));
    assert_eq!((in_time.reply, in_time.next.probes.successes, in_time.next.probes.in_flight), (Reply::Done, 1, 1));
    for result in [SUCCESS, FAILURE, Observation::Nothing, Observation::Trip { open_for: None }] {
        let late = settle(&MANY, &granted, result, at(140));
        let Probes { in_flight, successes, failures, .. } = late.next.probes;
        assert_eq!((late.reply, late.slot), (Reply::Late, Slot::Untouched));
        assert_eq!((late.next.state, in_flight, successes, failures), (State::HalfOpen, 0, 0, 0));
    }
}

#[test]
fn a_renewed_grant_keeps_its_probes() {
    let renewed = order_probes(&granted(1, in_flight(1)), grant(1, 10), just_before(140)).next;
    let settled = settle(&MANY, &renewed, SUCCESS, at(141));
    assert_eq!((settled.reply, settled.next.probes.successes), (Reply::Done, 1));
}

#[test]
fn a_grant_that_comes_after_the_lapse_gives_slots_to_new_probes_only() {
    let again = order_probes(&granted(1, in_flight(1)), grant(1, 10), at(140)).next;
    assert_eq!(again.probes.in_flight, 0);
    // Admitted at the instant of the lapse, which is also that of the new grant.
    let probe = ask(&MANY, &again, at(140)).next;
    let settle = |admitted| {
        let input = Input::CallSettled { generation: probe.generation, admitted, result: SUCCESS, tally: NO_CALLS };
        step_with(&MANY, &probe, &[Outstanding { admitted: tick(140), calls: 1 }], input, at(141))
    };
    assert_eq!(settle(tick(140)).reply, Reply::Done);
    assert_eq!(settle(tick(130)).reply, Reply::Late);
}

#[test]
fn a_grant_of_no_time_gives_nothing() {
    let none = order_probes(&hold(&half_open(NO_PROBES)), grant(2, 0), at(130));
    assert_eq!(none.reply, Reply::Done);
    assert_eq!(ask(&MANY, &none.next, at(130)).reply, REJECTED);
}

#[test]
fn an_endless_grant_does_not_lapse() {
    let endless = ProbeOrder::Grant { slots: 1, within: Duration::MAX };
    let granted = order_probes(&hold(&half_open(NO_PROBES)), endless, at(130)).next;
    let moment = Moment { now: Tick::MAX, jitter_sample: NO_JITTER };
    assert_eq!(ask(&MANY, &granted, moment).reply, Reply::Admitted);
}

#[test]
fn a_probe_that_times_out_before_the_lapse_fails_and_one_that_would_after_it_is_late() {
    // The probe's limit is at 135, 140 and 145, and the lapse at 140.
    for (timeout, failures) in [(5, 1), (10, 0), (15, 0)] {
        let policy = MANY.half_open_timeout(seconds(timeout));
        let step = step(&policy, &granted(1, in_flight(1)), Input::TimePassed, at(150));
        assert_eq!((step.next.probes.failures, step.next.probes.in_flight), (failures, 0), "{timeout}");
    }
}

#[test]
fn a_hold_passes_to_the_half_open_generation_that_follows() {
    let held = hold(&Snapshot { deadline: tick(135), ..open(1) });
    let step = step(&MANY, &held, Input::TimePassed, at(135));
    assert_eq!((step.next.state, step.next.allowance), (State::HalfOpen, Some(Allowance::NONE)));
    assert_eq!(ask(&MANY, &held, at(135)).reply, REJECTED);
}

#[test]
fn a_grant_may_come_before_the_open_period_is_over() {
    let held = hold(&Snapshot { deadline: tick(135), ..open(1) });
    let granted = order_probes(&held, grant(1, 10), at(131)).next;
    assert_eq!(ask(&MANY, &granted, at(135)).reply, Reply::Admitted);
    // It lapses by then.
    assert_eq!(ask(&MANY, &granted, at(141)).reply, REJECTED);
}

#[test]
fn a_hold_passes_to_no_other_generation() {
    let held = hold(&Snapshot { deadline: tick(135), ..open(1) });
    let closing = MANY.close_on_expiry();
    assert_eq!(step(&closing, &held, Input::TimePassed, at(135)).next.allowance, None);
    for command in [
        Command::Open { open_for: None },
        Command::ForceOpen,
        Command::Close,
        Command::Reset,
        Command::Disable,
        Command::MetricsOnly,
    ] {
        assert_eq!(order(&held, command, at(131)).next.allowance, None, "{command:?}");
    }
    let adopted = Adopted { state: State::Open, left: Some(seconds(60)), openings: 1 };
    let adopted = step(&MANY, &held, Input::Adopted { expected: None, to: adopted }, at(131));
    assert_eq!((adopted.reply, adopted.next.allowance), (Reply::Done, None));
}

#[test]
fn thresholds_stay_in_force_while_probes_are_held() {
    let policy = THREE.half_open_max_calls(3).success_threshold(1);
    let granted = granted(2, in_flight(2));
    assert_eq!(settle(&policy, &granted, SUCCESS, at(131)).next.state, State::Closed);
    let failed = settle(&policy, &granted, FAILURE, at(131)).next;
    assert_eq!((failed.state, failed.openings, failed.allowance), (State::Open, 2, None));
}

#[test]
fn a_release_gives_the_slots_of_the_policy() {
    let released = order_probes(&granted(1, in_flight(1)), ProbeOrder::Release, at(131));
    assert_eq!((released.reply, released.next.allowance), (Reply::Done, None));
    assert_eq!(ask(&MANY, &released.next, at(131)).reply, Reply::Admitted);
    // The lapse of what was granted no longer matters.
    assert_eq!(settle(&MANY, &released.next, SUCCESS, at(141)).reply, Reply::Done);
}

#[test]
fn a_hold_of_held_probes_keeps_their_grant() {
    let held = order_probes(&granted(1, NO_PROBES), ProbeOrder::Hold, at(131)).next;
    assert_eq!(ask(&MANY, &held, at(131)).reply, Reply::Admitted);
    assert_eq!(ask(&MANY, &held, at(140)).reply, REJECTED);
}

#[test]
fn orders_are_for_one_open_or_half_open_generation() {
    for state in ALL_STATES {
        let snapshot = in_state(state);
        let has_slots = matches!(state, State::Open | State::HalfOpen);
        let expected = if has_slots { Reply::Done } else { Reply::Late };
        assert_eq!(order_probes(&snapshot, ProbeOrder::Hold, at(110)).reply, expected, "{state}");
        let earlier = Input::Probes { generation: 3, order: ProbeOrder::Hold };
        let late = step(&MANY.ramp_up(seconds(30)), &snapshot, earlier, at(110));
        assert_eq!((late.reply, late.next), (Reply::Late, snapshot), "{state}");
    }
}

#[test]
fn a_grant_needs_a_hold() {
    let step = order_probes(&half_open(NO_PROBES), grant(1, 10), at(130));
    assert_eq!((step.reply, step.next.allowance), (Reply::Late, None));
}

#[test]
fn the_first_rejection_since_an_order_wants_a_probe() {
    let held = hold(&half_open(NO_PROBES));
    let first = ask(&MANY, &held, at(131));
    let second = ask(&MANY, &first.next, at(132));
    assert_eq!((first.wants_probe, second.wants_probe), (true, false));
    for order in [ProbeOrder::Hold, grant(0, 10)] {
        let again = order_probes(&second.next, order, at(132)).next;
        assert!(ask(&MANY, &again, at(133)).wants_probe, "{order:?}");
    }
    let released = order_probes(&second.next, ProbeOrder::Release, at(132)).next;
    let full = Snapshot { probes: in_flight(3), ..released };
    let rejected = ask(&MANY, &full, at(133));
    assert_eq!((rejected.reply, rejected.wants_probe), (REJECTED, false));
}

#[test]
fn a_lapse_alone_does_not_ask_again() {
    let wanted = ask(&MANY, &granted(0, NO_PROBES), at(131)).next;
    assert!(!ask(&MANY, &wanted, at(140)).wants_probe);
    // Nobody has asked yet.
    assert!(ask(&MANY, &granted(1, NO_PROBES), at(140)).wants_probe);
}

#[test]
fn a_slot_given_up_for_its_time_is_free_for_the_next_probe_of_the_grant() {
    let policy = MANY.expiry(seconds(5));
    let granted = order_probes(&granted(1, in_flight(1)), grant(1, 60), at(131)).next;
    assert_eq!(ask(&policy, &granted, Moment { now: tick(135).after(NANO), ..at(0) }).reply, Reply::Admitted);
}
