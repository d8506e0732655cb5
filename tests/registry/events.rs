//! Events, as subscribers see them.

use std::time::{Duration, SystemTime};

use breaker_box::{
    Cancellation, CircuitBreaker, EventType, Filter, Key, ManualClock, Outcome, Policy, Registry, State, Subscription,
    Window,
};

use crate::support::happened::{Cause, EventKind};
use crate::support::{
    Seen, fail, fail_times, panic_in, panic_message, registry, seconds, succeed, succeed_times, take, watch,
};

const ONE: Policy = Policy::consecutive_failures(1);

type Order = fn(&CircuitBreaker);

/// A watched circuit; its registration is forgotten.
fn watched(policy: Policy) -> (CircuitBreaker, Seen, ManualClock, Subscription) {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", policy).unwrap();
    let (seen, subscription) = watch(&registry, Filter::all());
    (breaker, seen, clock, subscription)
}

fn changed(from: State, to: State, cause: Cause) -> EventKind {
    EventKind::StateChanged { from, to, cause }
}

const fn by_hand() -> Cause {
    Cause::Manual { reason: None }
}

/// The cause of the only change of state so far.
#[track_caller]
fn cause(seen: &Seen) -> Cause {
    let mut causes = seen.kinds().into_iter().filter_map(|kind| match kind {
        EventKind::StateChanged { cause, .. } => Some(cause),
        _ => None,
    });
    let cause = causes.next().expect("a change of state");
    assert_eq!(causes.next(), None, "a second change of state");
    cause
}

#[test]
fn registrations_and_removals_are_events() {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register("payment_api", ONE).unwrap();
    registry.configure("payment_api", Policy::new()).unwrap();
    registry.unregister("payment_api").unwrap();
    assert_eq!(seen.kinds(), [EventKind::Registered, EventKind::Configured, EventKind::Unregistered]);
}

#[test]
fn a_rejected_registration_causes_no_event() {
    let (registry, _) = registry();
    registry.register("payment_api", ONE).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    assert!(registry.register("payment_api", ONE).is_err());
    assert!(registry.configure("payment_api", Policy::new().jitter(2.0)).is_err());
    assert_eq!(seen.kinds(), []);
}

#[test]
fn outcomes_are_events() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::consecutive_failures(10));
    succeed(&breaker);
    breaker.record_failure("timed out");
    fail(&breaker);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    drop(breaker.try_acquire().unwrap());
    assert_eq!(
        seen.kinds(),
        [
            EventKind::Success,
            EventKind::Failure { reason: Some("timed out".into()) },
            EventKind::Failure { reason: None },
            EventKind::Ignored,
            EventKind::Cancelled,
        ]
    );
}

#[test]
fn a_panic_gives_panicked_and_failure() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::consecutive_failures(10));
    panic_in(&breaker, "boom");
    let expected = [EventKind::Panicked { message: "boom".into() }, EventKind::Failure { reason: Some("boom".into()) }];
    assert_eq!(seen.kinds(), expected);
}

#[test]
fn a_slow_call_gives_slow_call_and_its_outcome() {
    let (breaker, seen, clock, _subscription) = watched(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    take(&breaker, &clock, seconds(3));
    assert_eq!(seen.kinds(), [EventKind::SlowCall { elapsed: seconds(3) }, EventKind::Success]);
}

#[test]
fn a_cancellation_that_counts_as_failure_gives_both() {
    let (breaker, seen, _clock, _subscription) =
        watched(Policy::consecutive_failures(10).on_cancel(Cancellation::Failure));
    drop(breaker.try_acquire().unwrap());
    assert_eq!(seen.types(), [EventType::Cancelled, EventType::Failure]);
}

#[test]
fn a_late_result_is_only_late() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::consecutive_failures(10));
    let permit = breaker.try_acquire().unwrap();
    breaker.reset();
    permit.failure("late");
    assert_eq!(seen.kinds(), [EventKind::Late]);
}

#[test]
fn a_rejection_carries_its_retry_after() {
    let (breaker, seen, clock, _subscription) = watched(ONE);
    breaker.open();
    clock.advance(seconds(10));
    seen.forget();
    succeed(&breaker);
    breaker.force_open();
    succeed(&breaker);
    let rejected = |kind: &EventKind| matches!(kind, EventKind::Rejected { .. });
    let rejections: Vec<_> = seen.kinds().into_iter().filter(rejected).collect();
    let expected = [EventKind::Rejected { retry_after: Some(seconds(20)) }, EventKind::Rejected { retry_after: None }];
    assert_eq!(rejections, expected);
}

#[test]
fn a_debounced_failure_gives_its_failure_and_debounced() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::new().debounce(seconds(60)));
    fail_times(&breaker, 2);
    assert_eq!(seen.types(), [EventType::Failure, EventType::Failure, EventType::Debounced]);
}

#[test]
fn the_failure_comes_before_the_change_it_causes() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    fail(&breaker);
    assert_eq!(
        seen.kinds(),
        [EventKind::Failure { reason: None }, changed(State::Closed, State::Open, Cause::ConsecutiveFailures)]
    );
}

#[test]
fn each_condition_is_its_cause() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::failures_within(1, seconds(60)));
    fail(&breaker);
    assert_eq!(cause(&seen), Cause::FailuresWithin);

    let (breaker, seen, _clock, _subscription) = watched(Policy::failure_rate(1.0, Window::calls(1)));
    fail(&breaker);
    assert_eq!(cause(&seen), Cause::FailureRate);

    let (breaker, seen, clock, _subscription) = watched(Policy::slow_call_rate(1.0, seconds(1), Window::calls(1)));
    take(&breaker, &clock, seconds(2));
    assert_eq!(cause(&seen), Cause::SlowCallRate);
}

#[test]
fn a_trip_is_its_cause_with_its_reason() {
    let (breaker, seen, _clock, _subscription) = watched(Policy::new());
    let trip = Outcome::Trip { open_for: None, reason: Some("429".into()) };
    breaker.call_with(|| (), |()| trip).unwrap();
    assert_eq!(cause(&seen), Cause::Tripped { reason: Some("429".into()) });
}

#[test]
fn a_full_cycle_reports_each_cause() {
    let (breaker, seen, clock, _subscription) = watched(ONE);
    fail(&breaker);
    clock.advance(seconds(30));
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    let changes: Vec<_> =
        seen.kinds().into_iter().filter(|kind| matches!(kind, EventKind::StateChanged { .. })).collect();
    assert_eq!(
        changes,
        [
            changed(State::Closed, State::Open, Cause::ConsecutiveFailures),
            changed(State::Open, State::HalfOpen, Cause::Expired),
            changed(State::HalfOpen, State::Open, Cause::ProbeFailed),
            changed(State::Open, State::HalfOpen, Cause::Expired),
            changed(State::HalfOpen, State::Closed, Cause::ProbesSucceeded),
        ]
    );
}

#[test]
fn a_half_open_time_limit_is_its_cause() {
    let (breaker, seen, clock, _subscription) = watched(ONE.half_open_timeout(seconds(10)));
    breaker.open();
    clock.advance(seconds(30));
    std::mem::forget(breaker.try_acquire().unwrap());
    seen.forget();
    clock.advance(seconds(10));
    succeed(&breaker);
    assert_eq!(seen.kinds()[0], changed(State::HalfOpen, State::Open, Cause::HalfOpenTimeout));
}

#[test]
fn with_close_on_expiry_the_expiry_closes() {
    let (breaker, seen, clock, _subscription) = watched(ONE.close_on_expiry());
    breaker.open();
    seen.forget();
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(seen.kinds(), [changed(State::Open, State::Closed, Cause::Expired), EventKind::Success]);
}

#[test]
fn every_manual_command_has_the_cause_manual() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    breaker.open();
    breaker.close();
    breaker.open_for(seconds(7));
    breaker.force_open();
    breaker.disable();
    breaker.metrics_only();
    breaker.reset();
    let states = [
        State::Closed,
        State::Open,
        State::Closed,
        State::Open,
        State::ForcedOpen,
        State::Disabled,
        State::MetricsOnly,
        State::Closed,
    ];
    let expected: Vec<_> = states.windows(2).map(|pair| changed(pair[0], pair[1], by_hand())).collect();
    assert_eq!(seen.kinds(), expected);
}

#[test]
fn the_reason_of_a_manual_command_is_in_the_event() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    let orders: [(Order, State); 7] = [
        (|breaker| breaker.open_because("why"), State::Open),
        (|breaker| breaker.close_because("why"), State::Closed),
        (|breaker| breaker.open_for_because(seconds(1), "why"), State::Open),
        (|breaker| breaker.force_open_because("why"), State::ForcedOpen),
        (|breaker| breaker.disable_because("why"), State::Disabled),
        (|breaker| breaker.metrics_only_because("why"), State::MetricsOnly),
        (|breaker| breaker.reset_because("why"), State::Closed),
    ];
    for (order, state) in orders {
        seen.forget();
        order(&breaker);
        assert_eq!(cause(&seen), Cause::Manual { reason: Some("why".into()) }, "{state}");
    }
}

#[test]
fn a_manual_command_that_changes_no_state_causes_no_event() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    breaker.close();
    breaker.reset();
    assert_eq!(seen.kinds(), []);
    breaker.open();
    seen.forget();
    breaker.open();
    breaker.open_for(seconds(7));
    assert_eq!(seen.kinds(), []);
}

#[test]
fn a_dry_run_reports_once_per_incident_that_it_would_have_opened() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    breaker.metrics_only();
    let would_open = || seen.kinds().into_iter().filter(|kind| matches!(kind, EventKind::WouldOpen { .. })).count();
    fail_times(&breaker, 3);
    assert_eq!(would_open(), 1);
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(would_open(), 2);
    breaker.reset();
    breaker.metrics_only();
    fail(&breaker);
    assert_eq!(would_open(), 3);
}

#[test]
fn a_dry_run_reports_the_cause() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    breaker.metrics_only();
    seen.forget();
    fail(&breaker);
    let expected = [EventKind::Failure { reason: None }, EventKind::WouldOpen { cause: Cause::ConsecutiveFailures }];
    assert_eq!(seen.kinds(), expected);
}

#[test]
fn a_disabled_circuit_causes_no_events() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    breaker.disable();
    seen.forget();
    fail(&breaker);
    succeed(&breaker);
    breaker.record_failure("elsewhere");
    assert_eq!(seen.kinds(), []);
}

#[test]
fn a_panicking_classifier_causes_no_event() {
    let (breaker, seen, _clock, _subscription) = watched(ONE);
    panic_message(|| breaker.call_with(|| 1, |_| -> Outcome { panic!("classifier") }));
    assert_eq!(seen.kinds(), []);
}

#[test]
fn reading_the_state_causes_no_event() {
    let (breaker, seen, clock, _subscription) = watched(ONE);
    breaker.open();
    clock.advance(seconds(30));
    seen.forget();
    assert_eq!((breaker.state(), breaker.is_available()), (State::HalfOpen, true));
    let _ = breaker.status();
    assert_eq!(seen.kinds(), []);
}

#[test]
fn an_event_names_its_circuit_and_its_time() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let key = Key::new("api").with_scope("payments").with_kind("http");
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register(&key, ONE).unwrap();
    clock.advance(seconds(5));
    registry.open(&key).unwrap();
    let events = seen.events();
    assert!(events.iter().all(|event| event.key == key));
    assert_eq!(events[1].at.duration_since(events[0].at).unwrap(), seconds(5));
}

#[test]
fn the_time_of_an_event_is_a_system_time() {
    let registry = Registry::new();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register("payment_api", ONE).unwrap();
    let apart = seen.events()[0].at.duration_since(SystemTime::now()).unwrap_or_else(|error| error.duration());
    assert!(apart < Duration::from_secs(60), "{apart:?}");
}

#[test]
fn sequences_grow_over_all_circuits_of_a_registry() {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, Filter::all());
    for name in ["a", "b", "c"] {
        succeed_times(&registry.register(name, ONE).unwrap(), 2);
    }
    let sequences: Vec<_> = seen.events().iter().map(|event| event.sequence).collect();
    assert_eq!(sequences.len(), 9);
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
}

#[test]
fn state_changes_of_a_circuit_arrive_in_order_under_traffic() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(2)).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::StateChanged]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (breaker, clock) = (&breaker, &clock);
            scope.spawn(move || {
                // So few that all changes fit into a lane, whatever holds the handler up.
                for number in 0..120 {
                    let one_call = if number % 4 < 2 { fail } else { succeed };
                    one_call(breaker);
                    clock.advance(seconds(5));
                }
            });
        }
    });
    breaker.reset();
    let changes = seen.changes();
    assert!(changes.len() > 10, "{}", changes.len());
    assert_eq!(changes[0].0, State::Closed);
    assert!(changes.windows(2).all(|pair| pair[0].1 == pair[1].0), "a change does not begin where the last one ended");
    let sequences: Vec<_> = seen.events().iter().map(|event| event.sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_breaker_outside_a_registry_causes_no_events() {
    let breaker = CircuitBreaker::new("alone", ONE).unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}
