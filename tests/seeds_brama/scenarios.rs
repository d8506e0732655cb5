//! Scenarios 43–62 and 71–78.

use std::time::Duration;

use breaker_box::{
    EventType, Filter, Key, NotFoundError, Outcome, Policy, RegisterError, Registry, State, circuit_breaker,
};

use crate::support::{breaker, fail, fail_times, half_open, millis, panic_message, registry, seconds, watch};
use crate::{Error, ONE, own_registry};

#[test]
fn scenario_43_a_registered_circuit_is_closed_and_echoes_its_options() {
    let (registry, _) = registry();
    let key = Key::new("api").with_scope("payments");
    registry.register(&key, Policy::consecutive_failures(7)).unwrap();
    let status = registry.status(&key).unwrap();
    assert_eq!((status.state, status.failure_count), (State::Closed, 0));
    assert_eq!((status.key, status.policy), (key, Policy::consecutive_failures(7)));
}

#[test]
fn scenario_44_registering_twice_is_refused() {
    let (registry, _) = registry();
    registry.register("api", ONE).unwrap();
    assert!(matches!(registry.register("api", ONE), Err(RegisterError::AlreadyRegistered { .. })));
}

#[test]
fn scenario_45_the_last_of_max_attempts_opens() {
    for attempts in [5, 3] {
        let (breaker, _) = breaker(Policy::consecutive_failures(attempts));
        fail_times(&breaker, attempts - 1);
        assert_eq!(breaker.state(), State::Closed);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn scenario_46_the_status_of_an_unknown_name_is_not_found() {
    let (registry, _) = registry();
    assert_eq!(registry.status("unknown").unwrap_err(), NotFoundError::new("unknown"));
}

#[test]
fn scenario_47_closed_and_half_open_are_available_and_open_is_not() {
    let (registry, clock) = registry();
    registry.register("api", ONE).unwrap();
    assert!(registry.is_available("api"));
    registry.open("api").unwrap();
    assert!(!registry.is_available("api"));
    clock.advance(seconds(30));
    assert!(registry.is_available("api"));
}

#[test]
fn scenario_48_unregistering_forgets_and_says_where_there_was_nothing() {
    let (registry, _) = registry();
    registry.register("api", ONE).unwrap();
    assert!(registry.unregister("api").is_ok());
    assert!(registry.status("api").is_err());
    assert!(registry.unregister("api").is_err(), "as Brama's specification says, not as its code does");
}

#[test]
fn scenario_49_a_success_clears_and_leaves_closed_closed() {
    let (registry, _) = registry();
    registry.register("api", Policy::new()).unwrap();
    registry.record_failure("api", "timed out").unwrap();
    registry.record_success("api").unwrap();
    let status = registry.status("api").unwrap();
    assert_eq!((status.state, status.failure_count), (State::Closed, 0));
}

#[test]
fn scenario_50_half_open_closes_by_success_and_opens_by_failure() {
    let (closing, _) = half_open(ONE);
    closing.record_success();
    assert_eq!(closing.state(), State::Closed);
    let (opening, _) = half_open(ONE);
    opening.record_failure("timed out");
    assert_eq!(opening.state(), State::Open);
}

#[test]
fn scenario_51_opening_sets_its_time() {
    let (breaker, _) = breaker(ONE);
    breaker.record_failure("timed out");
    assert!(breaker.status().opened_at.is_some());
}

#[test]
fn scenario_52_open_close_and_reset_by_hand() {
    let (registry, _) = registry();
    registry.register("api", Policy::new()).unwrap();
    registry.open("api").unwrap();
    assert_eq!(registry.state("api"), State::Open);
    registry.close("api").unwrap();
    assert_eq!(registry.state("api"), State::Closed);
    registry.record_failure("api", "one").unwrap();
    registry.record_failure("api", "two").unwrap();
    registry.reset("api").unwrap();
    let status = registry.status("api").unwrap();
    assert_eq!((status.state, status.failure_count), (State::Closed, 0));
}

#[test]
fn scenario_53_opening_by_hand_for_a_time_is_told_to_who_watches_everything() {
    let (registry, _) = registry();
    registry.register("api", ONE).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.open_for("api", millis(50)).unwrap();
    assert_eq!(seen.changes(), [(State::Closed, State::Open)]);
}

#[test]
fn scenario_54_an_expired_circuit_is_half_open_after_a_sweep() {
    let (registry, clock) = registry();
    registry.register("api", ONE.expiry(millis(500))).unwrap().open();
    clock.advance(seconds(1));
    registry.sweep();
    assert_eq!(registry.state("api"), State::HalfOpen);
}

#[test]
fn scenario_55_an_inactive_circuit_leaves_at_a_sweep() {
    let clock = breaker_box::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(millis(100)).build().unwrap();
    registry.call("api", || Ok::<_, ()>(())).unwrap();
    clock.advance(millis(150));
    registry.sweep();
    assert!(registry.status("api").is_err());
}

#[test]
fn scenario_56_progressive_periods_count_openings_and_not_failures() {
    let policy = Policy::new().progressive_expiry(millis(100), 2.0, millis(1_000));
    let (first, _) = breaker(policy);
    fail_times(&first, 2);
    first.open();
    assert_eq!(first.status().retry_after, Some(millis(100)), "Brama: 400");
    first.open();
    first.open();
    assert_eq!(first.status().retry_after, Some(millis(400)));

    let (capped, _) = breaker(policy.progressive_expiry(millis(100), 2.0, millis(500)));
    for _ in 0..10 {
        capped.open();
    }
    assert_eq!(capped.status().retry_after, Some(millis(500)));
}

#[test]
fn scenario_57_defaults_are_for_later_circuits_and_a_circuits_own_policy_for_it() {
    let (registry, _) = registry();
    let default = Policy::consecutive_failures(3).expiry(seconds(30));
    registry.set_default_policy(default).unwrap();
    registry.call("api", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("api").unwrap().policy, default);
    let own = Policy::consecutive_failures(5).expiry(seconds(15));
    registry.configure("api", own).unwrap();
    assert_eq!(registry.status("api").unwrap().policy, own);
    assert!(registry.configure("unknown", own).is_err());
}

#[test]
fn scenario_58_subscriptions_begin_and_end() {
    let (registry, _) = registry();
    let (seen, subscription) = watch(&registry, Filter::all());
    registry.register("first", ONE).unwrap();
    subscription.unsubscribe();
    registry.register("second", ONE).unwrap();
    assert_eq!(seen.identifiers(), ["first"]);
}

#[test]
fn scenario_59_filters_let_only_the_match_through() {
    let (registry, _) = registry();
    let filters = [
        Filter::all(),
        Filter::all().events([EventType::StateChanged]),
        Filter::all().identifier("api"),
        Filter::all().scope("payments"),
        Filter::all().events([EventType::StateChanged]).identifier("api").scope("payments"),
    ];
    let watches: Vec<_> = filters.into_iter().map(|filter| watch(&registry, filter)).collect();
    for key in [Key::new("api").with_scope("payments"), Key::new("api"), Key::new("other").with_scope("payments")] {
        registry.register(&key, ONE).unwrap().open();
    }
    let counts: Vec<_> = watches.iter().map(|(seen, _)| seen.events().len()).collect();
    assert_eq!(counts, [6, 3, 4, 4, 1]);
}

#[test]
fn scenario_60_a_decorated_ok_function_returns_its_value_and_is_registered() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(identifier = "api", registry = own_registry(&OWN))]
    fn decorated() -> Result<u32, Error> {
        Ok(7)
    }
    assert_eq!(decorated(), Ok(7));
    let status = own_registry(&OWN).status("api").unwrap();
    assert_eq!((status.state, status.failure_count), (State::Closed, 0));
}

#[test]
fn scenario_60_a_decorated_err_function_counts() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(identifier = "api", registry = own_registry(&OWN))]
    fn decorated() -> Result<u32, Error> {
        Err(Error::Declined)
    }
    assert_eq!(decorated(), Err(Error::Declined));
    assert_eq!(own_registry(&OWN).status("api").unwrap().failure_count, 1);
}

#[test]
fn scenario_60_a_decorated_panicking_function_panics_with_its_own_payload_and_counts() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(identifier = "api", registry = own_registry(&OWN))]
    fn decorated() -> Result<u32, Error> {
        panic!("raised")
    }
    assert_eq!(panic_message(decorated), "raised");
    assert_eq!(own_registry(&OWN).status("api").unwrap().failure_count, 1);
}

#[test]
fn scenario_61_a_custom_handler_decides() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(
        identifier = "api",
        registry = own_registry(&OWN),
        error_handler = |result: &Result<&'static str, Error>| match result {
            Ok("partial") => Outcome::Ignore,
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::failure_because("declined"),
        },
    )]
    fn decorated(answer: Result<&'static str, Error>) -> Result<&'static str, Error> {
        answer
    }
    let count = || own_registry(&OWN).status("api").unwrap().failure_count;
    assert_eq!((decorated(Ok("whole")), count()), (Ok("whole"), 0));
    assert_eq!((decorated(Ok("partial")), count()), (Ok("partial"), 0));
    assert_eq!((decorated(Err(Error::Declined)), count()), (Err(Error::Declined), 1));
    assert_eq!((decorated(Ok("partial")), count()), (Ok("partial"), 1));
}

#[test]
fn scenario_62_a_test_sets_states_and_failures_by_the_public_calls() {
    let (breaker, _) = breaker(Policy::consecutive_failures(4));
    breaker.open();
    assert_eq!(breaker.status().state, State::Open);
    breaker.open_for(Duration::ZERO);
    assert_eq!(breaker.status().state, State::HalfOpen);
    breaker.reset();
    assert_eq!(breaker.status().state, State::Closed);
    for _ in 0..3 {
        breaker.record_failure("simulated");
    }
    assert_eq!(breaker.status().failure_count, 3);
    breaker.configure(Policy::consecutive_failures(3)).unwrap();
    breaker.reset();
    for _ in 0..3 {
        breaker.record_failure("simulated");
    }
    assert_eq!(breaker.state(), State::Open);
    breaker.reset();
    breaker.record_failure("simulated");
    breaker.record_failure("simulated");
    breaker.record_success();
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn scenario_71_five_failures_are_five_events_and_one_opening_and_a_sixth_moves_nothing() {
    let (registry, clock) = registry();
    registry.register("api", Policy::new()).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    for _ in 0..5 {
        registry.record_failure("api", "timed out").unwrap();
    }
    let count = |wanted: EventType| seen.types().into_iter().filter(|kind| *kind == wanted).count();
    assert_eq!((count(EventType::Failure), count(EventType::StateChanged)), (5, 1));
    let opened_at = registry.status("api").unwrap().opened_at;
    clock.advance(seconds(10));
    registry.record_failure("api", "timed out").unwrap();
    assert_eq!((count(EventType::StateChanged), registry.status("api").unwrap().opened_at), (1, opened_at));
}

#[test]
fn scenario_72_a_success_while_open_moves_nothing() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    let before = breaker.status();
    clock.advance(seconds(10));
    breaker.record_success();
    breaker.record_failure("timed out");
    let after = breaker.status();
    assert_eq!((after.state, after.opened_at), (State::Open, before.opened_at));
}

#[test]
fn scenario_73_close_keeps_the_count() {
    let (breaker, _) = breaker(Policy::new());
    fail_times(&breaker, 4);
    breaker.close();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn scenario_74_opening_for_a_time_does_not_change_the_expiry() {
    let (breaker, _) = breaker(Policy::new());
    breaker.open_for(seconds(3_600));
    breaker.reset();
    fail_times(&breaker, 5);
    assert_eq!(breaker.status().retry_after, Some(seconds(30)));
}

#[test]
fn scenario_75_a_fresh_circuit_stays_until_it_was_idle_since_its_creation() {
    let clock = breaker_box::ManualClock::new();
    clock.advance(seconds(86_400));
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(100)).build().unwrap();
    registry.call("api", || Ok::<_, ()>(())).unwrap();
    registry.sweep();
    clock.advance(seconds(99));
    registry.sweep();
    assert!(registry.status("api").is_ok());
    clock.advance(seconds(1));
    registry.sweep();
    assert!(registry.status("api").is_err());
}

#[test]
fn scenario_76_a_colon_in_a_scope_or_an_identifier_joins_nothing() {
    let (registry, _) = registry();
    let (one, other) = (Key::new("b:c").with_scope("a"), Key::new("c").with_scope("a:b"));
    registry.register(&one, ONE).unwrap().open();
    registry.register(&other, ONE).unwrap();
    assert_eq!((registry.state(&one), registry.state(&other)), (State::Open, State::Closed));
}

#[test]
fn scenario_77_an_ignored_probe_leaves_half_open_and_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    assert_eq!((breaker.state(), breaker.is_available()), (State::HalfOpen, true));
}

#[test]
fn scenario_78_a_handler_that_panics_on_a_good_result_counts_nothing_and_frees_the_slot() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    fn faulty(_: &Result<u32, Error>) -> Outcome {
        panic!("handler")
    }
    #[circuit_breaker(identifier = "api", registry = own_registry(&OWN), error_handler = faulty)]
    fn decorated() -> Result<u32, Error> {
        Ok(7)
    }
    let registry = own_registry(&OWN);
    registry.register("api", ONE).unwrap().open_for(Duration::ZERO);
    assert_eq!(panic_message(decorated), "handler");
    let status = registry.status("api").unwrap();
    assert_eq!((status.state, status.totals.failures, registry.is_available("api")), (State::HalfOpen, 0, true));
}
