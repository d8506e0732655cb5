//! Plain functions: what is counted, what an open circuit does, whose policy applies.

use std::cell::Cell;
use std::time::Duration;

use breaker_box::{Policy, Registry, State, circuit_breaker};

use crate::support::{last_reason, registry, registry_and_clock, registry_with_open, status};

#[circuit_breaker(identifier = "payment_api", registry = registry)]
fn pay(registry: &Registry, calls: &Cell<u32>, amount: u32) -> Result<u32, String> {
    calls.set(calls.get() + 1);
    if amount == 0 {
        return Err("nothing to pay".to_owned());
    }
    Ok(amount)
}

#[test]
fn a_result_comes_back_untouched_and_is_counted() {
    let (registry, calls) = (registry(), Cell::new(0));
    assert_eq!(pay(&registry, &calls, 5), Ok(5));
    assert_eq!(pay(&registry, &calls, 0), Err("nothing to pay".to_owned()));
    let totals = status(&registry, "payment_api").totals;
    assert_eq!((totals.successes, totals.failures, calls.get()), (1, 1, 2));
    assert_eq!(last_reason(&registry, "payment_api").as_deref(), Some("nothing to pay"));
}

#[test]
fn an_open_circuit_answers_without_running_the_body() {
    let (registry, calls) = (registry(), Cell::new(0));
    pay(&registry, &calls, 0).unwrap_err();
    assert_eq!(registry.state("payment_api"), State::Open);
    let message = pay(&registry, &calls, 5).unwrap_err();
    assert!(message.contains("payment_api"), "{message}");
    assert_eq!((calls.get(), status(&registry, "payment_api").totals.rejected), (1, 1));
}

#[test]
fn a_circuit_recovers_when_its_expiry_has_passed() {
    let ((registry, clock), calls) = (registry_and_clock(), Cell::new(0));
    pay(&registry, &calls, 0).unwrap_err();
    clock.advance(Duration::from_secs(29));
    pay(&registry, &calls, 5).unwrap_err();
    clock.advance(Duration::from_secs(1));
    assert_eq!(pay(&registry, &calls, 5), Ok(5));
    assert_eq!(registry.state("payment_api"), State::Closed);
}

#[test]
fn each_registry_has_its_own_circuit_for_one_site() {
    let (first, second, calls) = (registry(), registry(), Cell::new(0));
    pay(&first, &calls, 0).unwrap_err();
    assert_eq!(pay(&second, &calls, 5), Ok(5));
    assert_eq!((first.state("payment_api"), second.state("payment_api")), (State::Open, State::Closed));
    pay(&first, &calls, 5).unwrap_err();
}

#[test]
fn an_unregistered_circuit_is_made_anew() {
    let (registry, calls) = (registry(), Cell::new(0));
    pay(&registry, &calls, 0).unwrap_err();
    registry.unregister("payment_api").unwrap();
    assert_eq!(pay(&registry, &calls, 5), Ok(5));
    assert_eq!(status(&registry, "payment_api").totals.successes, 1);
}

#[test]
fn the_global_registry_serves_where_none_is_named() {
    #[circuit_breaker(identifier = "attribute/sync/global")]
    fn ping() -> Option<u32> {
        Some(1)
    }

    assert_eq!((ping(), ping()), (Some(1), Some(1)));
    assert_eq!(status(Registry::global(), "attribute/sync/global").totals.successes, 2);
}

#[circuit_breaker(identifier = "refund_api", registry = registry, failure_threshold = 3)]
fn refund(registry: &Registry) -> Result<(), String> {
    Err("no".to_owned())
}

#[test]
fn the_policy_of_the_site_makes_the_circuit() {
    let registry = registry();
    refund(&registry).unwrap_err();
    assert_eq!(status(&registry, "refund_api").policy, Policy::consecutive_failures(3));
}

#[test]
fn a_circuit_registered_by_hand_keeps_its_policy() {
    let registry = registry();
    let by_hand = Policy::consecutive_failures(7);
    registry.register("refund_api", by_hand).unwrap();
    refund(&registry).unwrap_err();
    assert_eq!(status(&registry, "refund_api").policy, by_hand);
}

#[test]
fn a_function_may_return_an_option() {
    #[circuit_breaker(identifier = "stock", registry = registry)]
    fn stock(registry: &Registry, known: Option<u32>) -> Option<u32> {
        let known = known?;
        Some(known)
    }

    let closed = registry();
    assert_eq!((stock(&closed, Some(5)), stock(&closed, None)), (Some(5), None));
    let totals = status(&closed, "stock").totals;
    assert_eq!((totals.successes, totals.failures, totals.ignored), (1, 0, 1));
    assert_eq!(stock(&registry_with_open("stock"), Some(5)), None);
}

#[test]
fn any_other_value_that_comes_back_is_a_success() {
    #[circuit_breaker(identifier = "plain", registry = registry, fallback = |_| 0)]
    fn plain(registry: &Registry) -> u32 {
        5
    }

    let registry = registry();
    assert_eq!(plain(&registry), 5);
    assert_eq!(status(&registry, "plain").totals.successes, 1);
}
