//! Manual orders and configuration.

use super::*;

const ALL_ORDERS: [(Command, State); 7] = [
    (Command::Open { open_for: None }, State::Open),
    (Command::Open { open_for: Some(seconds(5)) }, State::Open),
    (Command::ForceOpen, State::ForcedOpen),
    (Command::Close, State::Closed),
    (Command::Reset, State::Closed),
    (Command::Disable, State::Disabled),
    (Command::MetricsOnly, State::MetricsOnly),
];

#[test]
fn every_order_leads_from_every_state_to_the_asked_one_in_a_new_generation() {
    for from in ALL_STATES {
        for (asked, to) in ALL_ORDERS {
            let next = order(&in_state(from), asked, at(110)).next;
            assert_eq!((next.state, next.generation), (to, 5), "{asked:?} in {from:?}");
        }
    }
}

#[test]
fn an_order_announces_a_change_of_state_and_nothing_else() {
    for from in ALL_STATES {
        for (asked, to) in ALL_ORDERS {
            let expected = if from == to { Vec::new() } else { vec![(from, to, Trigger::Manual)] };
            assert_eq!(moves(&order(&in_state(from), asked, at(110))), expected, "{asked:?} in {from:?}");
        }
    }
}

#[test]
fn only_opening_for_a_time_adds_one_to_the_openings() {
    for (asked, to) in ALL_ORDERS {
        let expected = match asked {
            Command::Open { .. } => 2,
            Command::Reset => 0,
            _ => 1,
        };
        assert_eq!(order(&in_state(State::Closed), asked, at(110)).next.openings, expected, "to {to:?}");
    }
}

#[test]
fn open_lasts_for_the_policys_expiry() {
    assert_eq!(order(&closed(0), Command::Open { open_for: None }, at(7)).next.deadline, tick(37));
}

#[test]
fn open_for_lasts_for_the_given_time_without_jitter() {
    let asked = Input::Command(Command::Open { open_for: Some(seconds(5)) });
    let step = step(&THREE.jitter(1.0), &closed(0), asked, at_with_jitter(7, 1.0));
    assert_eq!(step.next.deadline, tick(12));
}

#[test]
fn open_re_arms_an_open_circuit() {
    let next = order(&open(1), Command::Open { open_for: None }, at(110)).next;
    assert_eq!((next.opened_at, next.deadline, next.openings), (tick(110), tick(140), 2));
}

#[test]
fn open_for_endless_time_saturates() {
    assert_eq!(order(&closed(0), Command::Open { open_for: Some(Duration::MAX) }, at(7)).next.deadline, Tick::MAX);
}

#[test]
fn close_keeps_counts_and_openings() {
    let step = order(&Snapshot { last_counted: Some(tick(99)), ..open(2) }, Command::Close, at(110));
    assert_eq!((step.next.failures_in_row, step.next.openings), (3, 2));
    assert_eq!((step.clears_counts, step.next.last_counted), (false, Some(tick(99))));
}

#[test]
fn kept_counts_are_evaluated_at_the_next_result() {
    let kept = order(&open(1), Command::Close, at(110)).next;
    let step = settle(&THREE, &kept, FAILURE, at(111));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::ConsecutiveFailures)]);
}

#[test]
fn after_close_the_first_success_ends_the_row_of_openings() {
    let kept = order(&open(3), Command::Close, at(110)).next;
    assert_eq!(settle(&THREE, &kept, Observation::Nothing, at(111)).next.openings, 3);
    assert_eq!(settle(&THREE, &kept, SUCCESS, at(111)).next.openings, 0);
}

#[test]
fn kept_windows_are_evaluated_even_at_a_success() {
    let policy = Policy::failures_within(3, seconds(60));
    let kept = step(&policy, &open(1), Input::Command(Command::Close), at(110)).next;
    assert!(kept.watches_successes(&policy, &Tally { failures_within: 3, ..NO_CALLS }));
    let step = settle_with(&policy, &kept, SUCCESS, Tally { failures_within: 3, ..NO_CALLS }, at(111));
    assert_eq!(moves(&step), [(State::Closed, State::Open, Trigger::FailuresWithin)]);
}

#[test]
fn ignored_calls_do_not_evaluate_kept_counts() {
    let kept = order(&open(1), Command::Close, at(110)).next;
    assert_eq!(settle(&THREE, &kept, Observation::Nothing, at(111)).next, kept);
}

#[test]
fn a_request_does_not_evaluate_kept_counts() {
    let kept = order(&open(1), Command::Close, at(110)).next;
    assert_eq!(ask(&THREE, &kept, at(111)).reply, Reply::Admitted);
}

#[test]
fn after_the_next_result_successes_need_not_be_watched_any_more() {
    let kept = order(&open(1), Command::Close, at(110)).next;
    let next = settle(&THREE, &kept, SUCCESS, at(111)).next;
    assert!(!next.watches_successes(&THREE, &NO_CALLS));
}

#[test]
fn reset_forgets_counts_openings_and_debounce() {
    let step = order(&Snapshot { last_counted: Some(tick(99)), ..open(2) }, Command::Reset, at(110));
    assert_eq!((step.next.failures_in_row, step.next.openings, step.next.last_counted), (0, 0, None));
    assert!(step.clears_counts);
}

#[test]
fn after_a_reset_there_is_nothing_to_evaluate() {
    let policy = Policy::failures_within(3, seconds(60));
    let reset = order(&open(2), Command::Reset, at(110)).next;
    assert!(!reset.watches_successes(&policy, &NO_CALLS));
}

#[test]
fn an_order_forgets_the_probes() {
    for (asked, _) in ALL_ORDERS {
        assert_eq!(order(&half_open(in_flight(1)), asked, at(131)).next.probes, NO_PROBES, "{asked:?}");
    }
}

#[test]
fn an_order_to_an_expired_circuit_comes_after_its_expiry() {
    let step = order(&open(1), Command::ForceOpen, at(130));
    assert_eq!(
        moves(&step),
        [(State::Open, State::HalfOpen, Trigger::Expired), (State::HalfOpen, State::ForcedOpen, Trigger::Manual)]
    );
}

#[test]
fn the_generation_wraps_at_an_order() {
    let last = Snapshot { generation: Snapshot::MAX_GENERATION, ..Snapshot::NEW };
    assert_eq!(order(&last, Command::Disable, at(0)).next.generation, 0);
}

#[test]
fn configure_keeps_state_generation_and_counts_in_every_state() {
    for state in ALL_STATES {
        let before = in_state(state);
        let next = step(&RAMPED, &before, Input::PolicyChanged, at(110)).next;
        assert_eq!(Snapshot { evaluate_next: false, ..next }, before);
    }
}

#[test]
fn a_new_policy_evaluates_the_counts_at_the_next_result() {
    let policy = Policy::failures_within(3, seconds(60));
    let configured = step(&policy, &closed(0), Input::PolicyChanged, at(5)).next;
    let tally = Tally { failures_within: 3, ..NO_CALLS };
    assert!(configured.watches_successes(&policy, &tally));
    assert_eq!(settle_with(&policy, &configured, SUCCESS, tally, at(6)).next.state, State::Open);
}

#[test]
fn configure_itself_opens_nothing() {
    let step = step(&Policy::consecutive_failures(1), &closed(2), Input::PolicyChanged, at(5));
    assert_eq!((step.next.state, moves(&step)), (State::Closed, Vec::new()));
}
