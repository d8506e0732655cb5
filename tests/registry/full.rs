//! A full registry: what calls do then, what an operator can do, and the circuit that calls may
//! share.

use breaker_box::{
    CallError, CircuitBreaker, EventType, Filter, Key, ManualClock, NotFoundError, Policy, PolicyError, RegisterError,
    Registry, State, circuit_breaker,
};

use crate::support::{ready, seconds, watch};

const ONE: Policy = Policy::consecutive_failures(1);
const THREE: Policy = Policy::consecutive_failures(3);

/// A registry with room for `n` circuits, of which the overflow circuit is one.
fn with_overflow(n: usize) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let builder = Registry::builder().clock(clock.clone()).max_circuits(n).default_policy(ONE);
    (builder.overflow("others", THREE).build().unwrap(), clock)
}

fn fails(registry: &Registry, name: &str) -> bool {
    matches!(registry.call(name, || Err::<(), _>("down")), Err(CallError::Failed(_)))
}

#[test]
fn calls_without_room_share_the_overflow_circuit() {
    let (registry, _) = with_overflow(2);
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::Unguarded]));
    assert!(fails(&registry, "first"));
    for name in ["a", "b", "c"] {
        assert!(fails(&registry, name));
        assert!(registry.get(name).is_none());
    }
    let Err(CallError::Open(open)) = registry.call("d", || Ok::<_, ()>(())) else { panic!("all share it") };
    assert_eq!((open.identifier(), open.state()), ("others", State::Open));
    assert_eq!(registry.status("others").unwrap().totals.failures, 3);
    assert_eq!(seen.types(), []);
    // Names that have a circuit of their own are not affected.
    registry.reset("first").unwrap();
    assert!(registry.call("first", || Ok::<_, ()>(())).is_ok());
}

#[test]
fn every_form_of_call_shares_it() {
    let (registry, _) = with_overflow(1);
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    registry.call_with("b", || (), |()| true).unwrap();
    ready(registry.call_async("c", std::future::ready(Ok::<_, ()>(())))).unwrap();
    ready(registry.call_async_with("d", std::future::ready(()), |()| true)).unwrap();
    registry.try_acquire("e").unwrap().success();
    fixed(&registry).unwrap();
    filled_in(&registry, "f").unwrap();
    assert_eq!(registry.status("others").unwrap().totals.successes, 7);
    assert_eq!(registry.len(), 1);
}

#[circuit_breaker(identifier = "fixed", registry = registry)]
fn fixed(registry: &Registry) -> Option<()> {
    Some(())
}

#[circuit_breaker(identifier = "of {name}", failure_threshold = 1, registry = registry)]
fn filled_in(registry: &Registry, name: &str) -> Option<()> {
    Some(())
}

#[test]
fn a_function_leaves_the_overflow_circuit_as_soon_as_there_is_room() {
    #[circuit_breaker(identifier = "site", registry = registry)]
    fn site(registry: &Registry) -> Option<()> {
        Some(())
    }

    let (registry, _) = with_overflow(2);
    registry.register("taken", ONE).unwrap();
    for _ in 0..3 {
        site(&registry).unwrap();
    }
    assert_eq!(registry.status("others").unwrap().totals.successes, 3);
    registry.unregister("taken").unwrap();
    for _ in 0..2 {
        site(&registry).unwrap();
    }
    assert_eq!(registry.status("others").unwrap().totals.successes, 3);
    assert_eq!(registry.status("site").unwrap().totals.successes, 2);
    // And it is not said to be where it never was.
    registry.force_open("others").unwrap();
    assert_eq!(site(&registry), Some(()));
}

#[test]
fn the_overflow_circuit_is_listed_controlled_and_configured_like_any_other_and_never_evicted() {
    let (registry, clock) = with_overflow(2);
    assert_eq!(registry.list()[0].key, Key::new("others"));
    clock.advance(seconds(1_000_000));
    registry.sweep();
    for number in 0..100 {
        let _ = registry.call(format!("user {number}"), || Ok::<_, ()>(()));
    }
    registry.configure("others", ONE).unwrap();
    registry.force_open("others").unwrap();
    registry.register("taken", ONE).unwrap();
    assert!(registry.call("newcomer", || Ok::<_, ()>(())).is_err(), "one switch for all that have no circuit");
}

#[test]
fn without_the_overflow_circuit_calls_run_unguarded_again() {
    let (registry, _) = with_overflow(1);
    registry.unregister("others").unwrap();
    registry.register("taken", ONE).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::Unguarded]));
    assert!(fails(&registry, "a") && fails(&registry, "a"));
    assert_eq!(seen.types().len(), 2);
    assert_eq!(registry.len(), 1, "no call brings it back");
}

#[test]
fn a_name_that_no_registry_takes_runs_unguarded_overflow_or_not() {
    let (registry, _) = with_overflow(1);
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::Unguarded]));
    for name in [String::new(), "x".repeat(513)] {
        assert!((0..5).all(|_| fails(&registry, &name)));
    }
    assert_eq!(seen.types().len(), 10);
    assert_eq!(registry.status("others").unwrap().totals.failures, 0);
}

#[test]
fn an_invalid_overflow_circuit_is_rejected() {
    let build = |key: Key, policy| Registry::builder().overflow(key, policy).build().map(|_| ());
    for key in [Key::new(""), Key::new("x".repeat(513)), Key::new("x").with_scope("x".repeat(513))] {
        let error = build(key, ONE).unwrap_err();
        assert_eq!((error.setter(), error), ("overflow", PolicyError::InvalidKey { setter: "overflow" }));
    }
    assert!(matches!(build(Key::new("others"), Policy::consecutive_failures(0)), Err(PolicyError::Count { .. })));
    assert!(build(Key::new("others").with_scope("s").with_kind("k"), ONE).is_ok());
}

#[test]
fn manual_commands_and_registrations_do_not_go_to_the_overflow_circuit() {
    let (registry, _) = with_overflow(1);
    assert_eq!(registry.force_open("a"), Err(NotFoundError::new("a")));
    assert!(registry.record_failure("a", "down").is_err() && registry.status("a").is_err());
    assert!(!registry.is_available("a"));
    assert!(matches!(registry.register("a", ONE), Err(RegisterError::Full { limit: 1, .. })));
    assert_eq!(registry.state("others"), State::Closed);
}

/// An order by name.
type Order = fn(&Registry) -> Result<(), NotFoundError>;

#[test]
fn an_operator_finds_the_circuits_that_were_registered_whatever_the_flood() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(10).build().unwrap();
    drop(registry.register("payments", THREE).unwrap());
    for number in 0..1_000 {
        let _ = fails(&registry, &format!("made up {number}"));
        clock.advance(seconds(1));
    }
    let orders: [Order; 5] = [
        |registry| registry.force_open("payments"),
        |registry| registry.disable("payments"),
        |registry| registry.metrics_only("payments"),
        |registry| registry.open("payments"),
        |registry| registry.reset("payments"),
    ];
    for order in orders {
        assert_eq!(order(&registry), Ok(()));
    }
    // A place is free at once for whoever takes one from the made-up names.
    let named =
        registry.list().into_iter().map(|status| status.key).find(|key| key.identifier() != "payments").unwrap();
    registry.unregister(&named).unwrap();
    let legit = registry.register("legit", ONE).unwrap();
    legit.force_open();
    assert_eq!(registry.state("legit"), State::ForcedOpen);
}

#[test]
fn a_full_registry_says_what_to_do() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    let _kept: CircuitBreaker = registry.register("only", ONE).unwrap();
    let text = registry.register("other", ONE).unwrap_err().to_string();
    for part in ["`other`", "1 circuits", "`unregister`", "`max_circuits`"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}
