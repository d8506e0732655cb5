//! What a result means: the user's handler, else the default.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use breaker_box::{Outcome, Registry, State, circuit_breaker};

use crate::support::{last_reason, now, registry, registry_and_clock, status};

#[derive(Debug, PartialEq)]
enum Refused {
    Declined,
    Unavailable,
    TooMany(u64),
    Open,
}

impl From<breaker_box::CircuitOpenError> for Refused {
    fn from(_: breaker_box::CircuitOpenError) -> Self {
        Self::Open
    }
}

#[circuit_breaker(
    identifier = "payment_api",
    registry = registry,
    error_handler = |result| match result {
        Ok(_) => Outcome::Success,
        Err(Refused::Declined) => Outcome::Ignore,
        Err(Refused::TooMany(seconds)) => Outcome::trip_for(Duration::from_secs(*seconds)),
        Err(_) => Outcome::failure_because("service_unavailable"),
    },
)]
fn pay(registry: &Registry, result: Result<u32, Refused>) -> Result<u32, Refused> {
    result
}

#[test]
fn a_handler_decides_what_a_result_means() {
    let registry = registry();
    pay(&registry, Ok(5)).unwrap();
    pay(&registry, Err(Refused::Declined)).unwrap_err();
    assert_eq!(pay(&registry, Err(Refused::Unavailable)), Err(Refused::Unavailable));
    let status = status(&registry, "payment_api");
    assert_eq!((status.totals.successes, status.totals.ignored, status.totals.failures), (1, 1, 1));
    assert_eq!(last_reason(&registry, "payment_api").as_deref(), Some("service_unavailable"));
    assert_eq!(pay(&registry, Ok(5)), Err(Refused::Open));
}

#[test]
fn a_handler_can_open_the_circuit_for_a_time_of_its_own() {
    let (registry, clock) = registry_and_clock();
    pay(&registry, Err(Refused::TooMany(120))).unwrap_err();
    clock.advance(Duration::from_secs(119));
    assert_eq!(registry.state("payment_api"), State::Open);
    clock.advance(Duration::from_secs(1));
    assert_eq!(registry.state("payment_api"), State::HalfOpen);
}

fn is_balanced(result: &(u64, u64)) -> bool {
    result.0 == result.1
}

struct Comparison;

impl Comparison {
    fn classify<T: PartialEq>(result: &(T, T)) -> Outcome {
        if result.0 == result.1 { Outcome::Success } else { Outcome::failure() }
    }
}

#[test]
fn a_handler_may_be_the_path_of_a_function() {
    #[circuit_breaker(identifier = "balance", registry = registry, error_handler = is_balanced, fallback = |_| (0, 0))]
    fn balance(registry: &Registry, left: u64, right: u64) -> (u64, u64) {
        (left, right)
    }
    #[circuit_breaker(identifier = "pair", registry = registry, error_handler = Comparison::classify::<u8>, fallback = |_| (0, 0))]
    async fn pair(registry: &Registry, left: u8, right: u8) -> (u8, u8) {
        (left, right)
    }

    let registry = registry();
    assert_eq!(
        (balance(&registry, 1, 1), balance(&registry, 1, 2), balance(&registry, 1, 1)),
        ((1, 1), (1, 2), (0, 0))
    );
    assert_eq!(
        (now(pair(&registry, 1, 1)), now(pair(&registry, 1, 2)), now(pair(&registry, 1, 1))),
        ((1, 1), (1, 2), (0, 0))
    );
}

#[test]
fn a_handler_may_look_at_an_argument_that_the_body_left() {
    #[circuit_breaker(identifier = "limit", registry = registry, error_handler = |result| *result < limit, fallback = |_| 0)]
    fn measured(registry: &Registry, limit: u32, value: u32) -> u32 {
        value
    }

    let registry = registry();
    assert_eq!((measured(&registry, 5, 4), measured(&registry, 5, 6), measured(&registry, 5, 4)), (4, 6, 0));
}

#[test]
fn an_error_that_can_only_be_debugged_is_the_reason_as_such() {
    #[circuit_breaker(identifier = "debugged", registry = registry)]
    fn debugged(registry: &Registry) -> Result<(), Refused> {
        Err(Refused::TooMany(5))
    }

    let registry = registry();
    debugged(&registry).unwrap_err();
    assert_eq!(last_reason(&registry, "debugged").as_deref(), Some("TooMany(5)"));
}

#[test]
fn a_handler_that_panics_counts_nothing_and_frees_its_slot() {
    #[circuit_breaker(
        identifier = "confused",
        registry = registry,
        error_handler = |result| -> bool { assert!(*result, "confused"); true },
        fallback = |_| false,
    )]
    fn confused(registry: &Registry, result: bool) -> bool {
        result
    }

    let (registry, clock) = registry_and_clock();
    let panic = catch_unwind(AssertUnwindSafe(|| confused(&registry, false))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"confused"));
    let totals = status(&registry, "confused").totals;
    assert_eq!((totals.successes, totals.failures, totals.panicked), (0, 0, 0));

    registry.open("confused").unwrap();
    clock.advance(Duration::from_secs(30));
    catch_unwind(AssertUnwindSafe(|| confused(&registry, false))).unwrap_err();
    assert!(confused(&registry, true), "the slot of the probe is still taken");
    assert_eq!(registry.state("confused"), State::Closed);
}
