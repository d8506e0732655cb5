//! The scenarios of the Electrician package (22–31, 33–42, 79–83) and its defects (D15, D16,
//! D18–D20, D22, D23), as this library decides them.
//!
//! Not here, because they have no counterpart: 32 (the levels of its loggers), and D17, D21, D24,
//! D25 (its insulators, meters, tickers, and variadic connecting).

mod support;

use std::sync::mpsc;
use std::time::Duration;

use breaker_box::{
    CircuitBreaker, EventType, Filter, Key, ManualClock, Policy, PolicyError, Routing, State, Submitted, Subscription,
    Window, Wire, WireError,
};
use support::{Seen, breaker, fail, fail_times, half_open, millis, registry, runs, seconds, succeed, watch};

/// Its rule: errors since the last reset, and the end of the window closes.
const fn electrician(threshold: u32, window: Duration) -> Policy {
    Policy::failures_within(threshold, Duration::MAX).expiry(window).close_on_expiry()
}

/// A watched circuit; its registration is forgotten.
fn watched(policy: Policy) -> (CircuitBreaker, Seen, ManualClock, Subscription) {
    let (registry, clock) = registry();
    let breaker = registry.register("circuit", policy).unwrap();
    let (seen, subscription) = watch(&registry, Filter::all());
    (breaker, seen, clock, subscription)
}

const TRIPPED: (State, State) = (State::Closed, State::Open);
const RESET: (State, State) = (State::Open, State::Closed);

#[test]
fn scenario_22_a_fresh_breaker_allows_and_has_a_name() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    assert!(breaker.is_available());
    assert!(!breaker.key().identifier().is_empty());
}

#[test]
fn scenario_23_one_error_denies_until_the_window_is_over() {
    let (breaker, seen, clock, _subscription) = watched(electrician(1, millis(50)));
    breaker.record_failure("error");
    assert!(!breaker.is_available());
    assert_eq!(seen.types(), [EventType::Failure, EventType::StateChanged]);
    assert_eq!(seen.changes(), [TRIPPED]);
    clock.advance(millis(75));
    assert!(runs(&breaker));
    assert_eq!(seen.changes(), [TRIPPED, RESET]);
}

#[test]
fn scenario_24_errors_within_the_debounce_count_once() {
    let (breaker, clock) = breaker(electrician(2, seconds(60)).debounce(seconds(1)));
    breaker.record_failure("error");
    breaker.record_failure("error");
    assert!(breaker.is_available());
    clock.advance(millis(1_100));
    breaker.record_failure("error");
    assert!(!breaker.is_available());
}

#[test]
fn scenario_25_without_debounce_two_immediate_errors_open_at_threshold_two() {
    let (breaker, _) = breaker(electrician(2, seconds(60)).debounce(Duration::ZERO));
    fail_times(&breaker, 2);
    assert!(!breaker.is_available());
}

#[test]
fn scenario_26_a_reset_after_a_trip_is_told() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.open();
    breaker.reset();
    assert_eq!(seen.changes(), [TRIPPED, RESET]);
}

#[test]
fn scenario_27_a_reset_of_a_closed_breaker_is_silent() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.reset();
    assert_eq!(seen.types(), []);
}

#[test]
fn scenario_29_opened_for_no_time_the_next_call_resets() {
    let refused = CircuitBreaker::new("any", electrician(1, Duration::ZERO));
    assert_eq!(refused.unwrap_err(), PolicyError::ZeroDuration { setter: "expiry" });
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.open_for(Duration::ZERO);
    assert_eq!(seen.changes(), [TRIPPED]);
    assert!(runs(&breaker));
    assert_eq!(seen.changes(), [TRIPPED, RESET]);
}

#[test]
fn scenario_30_a_call_that_is_allowed_is_told_by_its_outcome() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    succeed(&breaker);
    assert_eq!(seen.types(), [EventType::Success]);
}

#[test]
fn scenario_31_one_circuit_counts_as_one() {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register("circuit", electrician(1, seconds(60))).unwrap();
    assert_eq!((registry.len(), seen.types()), (1, vec![EventType::Registered]));
}

#[test]
fn scenario_33_name_and_metadata_are_visible_and_the_kind_stays() {
    let key = Key::new("id").with_kind("CIRCUIT_BREAKER");
    let breaker = CircuitBreaker::with_clock(key, electrician(1, seconds(1)), ManualClock::new()).unwrap();
    breaker.set_metadata("name", "my breaker").unwrap();
    let status = breaker.status();
    assert_eq!(status.metadata.get("name").map(String::as_str), Some("my breaker"));
    assert_eq!(status.key.kind(), Some("CIRCUIT_BREAKER"));
}

#[test]
fn scenario_42_end_to_end_one_failure_denies_for_two_seconds() {
    let (breaker, clock) = breaker(electrician(1, seconds(2)));
    fail(&breaker);
    clock.advance(seconds(1));
    assert!(!runs(&breaker));
    clock.advance(seconds(2));
    assert!(runs(&breaker));
}

#[test]
fn scenario_79_errors_far_apart_open_since_reset_and_not_within_a_window() {
    let (since_reset, clock) = breaker(electrician(2, seconds(1)));
    fail(&since_reset);
    clock.advance(seconds(3));
    fail(&since_reset);
    assert_eq!(since_reset.state(), State::Open);

    let (within, clock) = breaker(Policy::failures_within(2, seconds(1)));
    fail(&within);
    clock.advance(seconds(3));
    fail(&within);
    assert_eq!(within.state(), State::Closed);
}

#[test]
fn scenario_80_a_reset_forgets_the_debounce() {
    let (breaker, _) = breaker(electrician(2, seconds(60)).debounce(seconds(60)));
    breaker.record_failure("error");
    breaker.reset();
    breaker.record_failure("error");
    assert_eq!(breaker.status().failure_count, 1, "Electrician ignores the second");
}

#[test]
fn scenario_83_a_trip_of_an_open_breaker_re_arms_without_an_event() {
    let (breaker, seen, clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.open();
    clock.advance(seconds(50));
    breaker.open();
    assert_eq!(seen.changes(), [TRIPPED]);
    assert_eq!(breaker.status().retry_after, Some(seconds(60)), "Electrician does not extend");
}

#[test]
fn scenario_83_two_resets_give_one_event() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.open();
    breaker.reset();
    breaker.reset();
    assert_eq!(seen.changes(), [TRIPPED, RESET]);
}

#[test]
fn defect_d15_two_watchers_do_not_block_each_other() {
    let (registry, _) = registry();
    let breaker = registry.register("circuit", electrician(1, seconds(60))).unwrap();
    let (first, _first) = watch(&registry, Filter::all());
    let (second, _second) = watch(&registry, Filter::all());
    fail(&breaker);
    assert_eq!(first.events(), second.events());
    assert_eq!(first.changes(), [TRIPPED]);
}

#[test]
fn defect_d16_a_reset_is_delivered_and_its_handler_may_ask_the_breaker() {
    let (registry, clock) = registry();
    let breaker = registry.register("circuit", electrician(1, seconds(60))).unwrap();
    breaker.open();
    let (sender, receiver) = mpsc::channel();
    let inner = breaker.clone();
    let filter = Filter::all().events([EventType::StateChanged]);
    let _subscription = registry.subscribe(filter, move |_| sender.send(runs(&inner)).unwrap());
    clock.advance(seconds(60));
    assert!(runs(&breaker));
    assert_eq!(receiver.try_recv(), Ok(true));
}

#[test]
fn defect_d16_a_debounced_error_says_that_it_is_one() {
    let (breaker, seen, clock, _subscription) = watched(electrician(9, seconds(60)).debounce(seconds(10)));
    fail(&breaker);
    clock.advance(seconds(5));
    fail(&breaker);
    let events = seen.events();
    assert_eq!(seen.types(), [EventType::Failure, EventType::Failure, EventType::Debounced]);
    assert_eq!(events[2].at.duration_since(events[0].at).unwrap(), seconds(5), "at its own time");
}

#[test]
fn defect_d18_rare_errors_do_not_add_up_within_a_window() {
    let (breaker, clock) = breaker(Policy::failures_within(2, seconds(10)));
    for _ in 0..100 {
        fail(&breaker);
        clock.advance(seconds(10));
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn defect_d18_successes_are_reported_and_judged() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(10)));
    for _ in 0..100 {
        fail(&breaker);
        succeed(&breaker);
        succeed(&breaker);
    }
    assert_eq!(breaker.state(), State::Closed, "a third of all calls");
}

#[test]
fn defect_d19_recovery_lets_a_few_calls_through_first() {
    let (breaker, _) = half_open(Policy::failures_within(1, Duration::MAX));
    let permits: Vec<_> = (0..100).map(|_| breaker.try_acquire()).collect();
    assert_eq!(permits.iter().filter(|permit| permit.is_ok()).count(), 1);
}

#[test]
fn defect_d20_a_subscription_is_counted_once() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(60)));
    breaker.open();
    assert_eq!(seen.events().len(), 1);
}

/// Doubles, and fails on zero.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "a wire lends its items")]
fn double(item: &u32) -> Result<u32, &'static str> {
    if *item == 0 { Err("zero") } else { Ok(item * 2) }
}

#[test]
fn scenario_28_neutral_wires_are_asked_in_the_order_they_were_connected() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    let (first, first_queue) = mpsc::sync_channel(1);
    let (second, second_queue) = mpsc::sync_channel(1);
    let wire = Wire::new(breaker, double).neutral(first).neutral(second);
    wire.breaker().open();
    for expected in [0, 1] {
        assert!(matches!(wire.submit(7), Ok(Submitted::Diverted { wire, error: None }) if wire == expected));
    }
    assert_eq!((first_queue.try_recv(), second_queue.try_recv()), (Ok(7), Ok(7)));
}

#[test]
fn scenario_34_denied_without_a_neutral_wire_the_item_comes_back_and_is_told_as_dropped() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(1)));
    breaker.open();
    let wire = Wire::new(breaker, double);
    assert!(matches!(wire.submit(42), Err(WireError::NoWire { item: 42, .. })));
    assert_eq!(seen.types().last(), Some(&EventType::Dropped));
}

#[test]
fn scenarios_35_and_36_denied_with_a_neutral_wire_it_receives_the_value_unchanged() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(1)));
    breaker.open();
    let (sender, queue) = mpsc::channel();
    let wire = Wire::new(breaker, double).neutral(sender);
    assert!(matches!(wire.submit(42), Ok(Submitted::Diverted { .. })));
    assert_eq!(queue.try_recv(), Ok(42));
    assert_eq!(seen.types().last(), Some(&EventType::Diverted));
}

#[test]
fn scenario_37_a_generator_is_told_and_generates_nothing_while_denied() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    breaker.open();
    let mut generated = 0;
    let generate = || {
        generated += 1;
        Ok::<_, ()>(generated)
    };
    assert!(breaker.call(generate).is_err());
    assert_eq!(generated, 0);
}

#[test]
fn scenario_38_the_original_error_comes_back_and_is_recorded() {
    let (breaker, _) = breaker(electrician(5, seconds(1)));
    let wire = Wire::new(breaker, double);
    assert!(matches!(wire.submit(0), Err(WireError::Failed { item: 0, error: "zero" })));
    assert_eq!(wire.breaker().status().failure_count, 1);
}

#[test]
fn scenario_39_after_the_window_the_generator_runs_again() {
    let (breaker, clock) = breaker(electrician(1, millis(500)));
    breaker.open();
    assert!(!runs(&breaker));
    clock.advance(millis(500));
    assert!(runs(&breaker));
}

#[test]
fn scenario_40_nothing_can_be_connected_to_a_wire_that_is_shared() {
    // Connecting takes the wire by value; a wire behind a reference has no method for it, so there
    // is nothing that could panic.
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    let wire = Wire::new(breaker, double).neutral(Err);
    let shared = &wire;
    assert!(matches!(shared.submit(1), Ok(Submitted::Processed(2))));
}

#[test]
fn scenario_41_trips_resets_diversions_and_drops_can_be_counted() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(10)));
    let (sender, _queue) = mpsc::sync_channel(1);
    let wire = Wire::new(breaker, double).neutral(sender);
    wire.breaker().open();
    wire.submit(1).unwrap();
    wire.submit(2).unwrap_err();
    wire.breaker().reset();
    assert_eq!(seen.changes(), [TRIPPED, RESET]);
    let count = |kind| seen.types().into_iter().filter(|seen| *seen == kind).count();
    assert_eq!((count(EventType::Diverted), count(EventType::Dropped)), (1, 1));
}

#[test]
fn scenario_81_the_item_that_opens_reaches_every_neutral_wire_untransformed() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    let (first, first_queue) = mpsc::channel();
    let (second, second_queue) = mpsc::channel();
    let wire = Wire::new(breaker, double).routing(Routing::Broadcast).neutral(first).neutral(second);
    assert!(matches!(wire.submit(0), Ok(Submitted::Diverted { error: Some("zero"), .. })));
    assert_eq!((first_queue.try_recv(), second_queue.try_recv()), (Ok(0), Ok(0)));
}

#[test]
fn scenario_82_and_defect_d22_when_all_neutral_wires_refuse_it_is_an_error_and_an_event() {
    let (breaker, seen, _clock, _subscription) = watched(electrician(1, seconds(1)));
    let wire = Wire::new(breaker, double).neutral(Err).neutral(Err);
    let failed = wire.submit(0);
    assert!(matches!(failed, Err(WireError::Failed { item: 0, error: "zero" })), "the real error, not a generic one");
    assert_eq!(seen.types().last(), Some(&EventType::Dropped));
}

#[test]
fn defect_d23_a_full_neutral_wire_does_not_block_and_nothing_is_doubled() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    let (full, full_queue) = mpsc::sync_channel(1);
    let (spare, spare_queue) = mpsc::sync_channel(1);
    full.send(0).unwrap();
    let wire = Wire::new(breaker, double).neutral(full).neutral(spare);
    wire.breaker().open();
    wire.submit(9).unwrap();
    assert_eq!(full_queue.try_iter().collect::<Vec<_>>(), [0]);
    assert_eq!(spare_queue.try_iter().collect::<Vec<_>>(), [9]);
}

#[test]
fn defect_d23_a_neutral_wire_that_shares_the_breaker_ends() {
    let (breaker, _) = breaker(electrician(1, seconds(1)));
    let inner = Wire::new(breaker.clone(), double);
    let again = move |item: u32| inner.submit(item).map(drop).map_err(WireError::into_item);
    let wire = Wire::new(breaker, double).neutral(again);
    wire.breaker().open();
    assert!(matches!(wire.submit(3), Err(WireError::NoWire { item: 3, .. })));
}
