//! Nothing accepts an invalid policy.

use breaker_box::{CircuitBreaker, ConfigureError, Policy, PolicyError, RegisterError, Registry};

use crate::support::{breaker, registry};
use crate::{EVERYTHING, INVALID};

#[test]
fn new_and_with_clock_reject_an_invalid_policy() {
    let expected = PolicyError::Count { setter: "consecutive_failures", value: 0 };
    assert_eq!(CircuitBreaker::new("any", INVALID).unwrap_err(), expected);
    let clock = breaker_box::ManualClock::new();
    assert_eq!(CircuitBreaker::with_clock("any", INVALID, clock).unwrap_err(), expected);
}

#[test]
fn configure_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (breaker, _) = breaker(EVERYTHING);
    assert!(breaker.configure(INVALID).is_err());
    assert_eq!(breaker.policy(), EVERYTHING);
}

#[test]
fn register_rejects_an_invalid_policy_and_registers_nothing() {
    let (registry, _) = registry();
    let refused = registry.register("any", INVALID);
    assert!(matches!(refused, Err(RegisterError::InvalidPolicy { .. })));
    assert!(registry.is_empty());
}

#[test]
fn get_or_register_rejects_an_invalid_policy_and_registers_nothing() {
    let (registry, _) = registry();
    let refused = registry.get_or_register("any", INVALID);
    assert!(matches!(refused, Err(RegisterError::InvalidPolicy { .. })));
    assert!(registry.is_empty());
}

#[test]
fn get_or_register_rejects_an_invalid_policy_for_a_known_name_too() {
    let (registry, _) = registry();
    registry.register("any", Policy::new()).unwrap();
    assert!(registry.get_or_register("any", INVALID).is_err());
}

#[test]
fn configuring_by_name_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (registry, _) = registry();
    registry.register("any", EVERYTHING).unwrap();
    assert!(matches!(registry.configure("any", INVALID), Err(ConfigureError::InvalidPolicy(_))));
    assert_eq!(registry.status("any").unwrap().policy, EVERYTHING);
}

#[test]
fn set_default_policy_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (registry, _) = registry();
    assert!(registry.set_default_policy(INVALID).is_err());
    registry.call("any", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("any").unwrap().policy, Policy::new());
}

#[test]
fn build_rejects_an_invalid_default_policy() {
    assert!(Registry::builder().default_policy(INVALID).build().is_err());
}

#[test]
fn the_reason_of_a_rejected_registration_is_the_policys_error() {
    let (registry, _) = registry();
    let refused = registry.register("any", INVALID).unwrap_err();
    let source = std::error::Error::source(&refused).expect("a source");
    assert_eq!(source.to_string(), INVALID.validate().unwrap_err().to_string());
}
