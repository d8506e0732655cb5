//! Reporting and moving by name.

use breaker_box::{ConfigureError, NotFoundError, Policy, Registry, State};

use crate::support::{registry, seconds};

const TWO: Policy = Policy::consecutive_failures(2);

type ByName = fn(&Registry, &str) -> Result<(), NotFoundError>;

const ORDERS: [(ByName, State); 7] = [
    (|registry, name| registry.open(name), State::Open),
    (|registry, name| registry.open_for(name, seconds(7)), State::Open),
    (|registry, name| registry.force_open(name), State::ForcedOpen),
    (|registry, name| registry.close(name), State::Closed),
    (|registry, name| registry.reset(name), State::Closed),
    (|registry, name| registry.disable(name), State::Disabled),
    (|registry, name| registry.metrics_only(name), State::MetricsOnly),
];

#[test]
fn every_manual_command_by_name_changes_the_state() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    for (order, state) in ORDERS {
        assert_eq!(order(&registry, "payment_api"), Ok(()));
        assert_eq!(registry.state("payment_api"), state);
    }
}

#[test]
fn every_manual_command_for_an_unknown_name_is_not_found_and_creates_nothing() {
    let (registry, _) = registry();
    for (order, _) in ORDERS {
        assert_eq!(order(&registry, "payment_api"), Err(NotFoundError::new("payment_api")));
    }
    assert!(registry.is_empty());
}

#[test]
fn reports_by_name_count() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    registry.record_failure("payment_api", "timed out").unwrap();
    assert_eq!(registry.status("payment_api").unwrap().failure_count, 1);
    registry.record_success("payment_api").unwrap();
    assert_eq!(registry.status("payment_api").unwrap().failure_count, 0);
}

#[test]
fn reports_for_an_unknown_name_are_not_found_and_create_nothing() {
    let (registry, _) = registry();
    assert!(registry.record_failure("payment_api", "timed out").is_err());
    assert!(registry.record_success("payment_api").is_err());
    assert!(registry.is_empty());
}

#[test]
fn open_for_by_name_lasts_as_long_as_asked() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    registry.open_for("payment_api", seconds(7)).unwrap();
    assert_eq!(registry.status("payment_api").unwrap().retry_after, Some(seconds(7)));
}

#[test]
fn close_by_name_keeps_and_reset_by_name_forgets_the_counts() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    registry.record_failure("payment_api", "timed out").unwrap();
    registry.close("payment_api").unwrap();
    assert_eq!(registry.status("payment_api").unwrap().failure_count, 1);
    registry.reset("payment_api").unwrap();
    assert_eq!(registry.status("payment_api").unwrap().failure_count, 0);
}

#[test]
fn configure_by_name_replaces_only_that_policy() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    registry.register("refund_api", TWO).unwrap();
    registry.configure("payment_api", Policy::consecutive_failures(7)).unwrap();
    let policy = |name: &str| registry.status(name).unwrap().policy;
    assert_eq!((policy("payment_api"), policy("refund_api")), (Policy::consecutive_failures(7), TWO));
}

#[test]
fn configure_by_name_keeps_state_and_counts() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    registry.record_failure("payment_api", "timed out").unwrap();
    registry.configure("payment_api", Policy::consecutive_failures(7)).unwrap();
    assert_eq!(registry.status("payment_api").unwrap().failure_count, 1);
}

#[test]
fn configuring_an_unknown_name_is_not_found() {
    let (registry, _) = registry();
    let refused = registry.configure("payment_api", TWO);
    assert_eq!(refused, Err(ConfigureError::NotFound(NotFoundError::new("payment_api"))));
    assert!(registry.is_empty());
}

#[test]
fn what_was_there_is_given_back() {
    let (registry, _) = registry();
    let (one, two) = (Policy::consecutive_failures(1), Policy::consecutive_failures(2));
    let breaker = registry.register("payment_api", one).unwrap();
    assert_eq!(registry.configure("payment_api", two), Ok(one));
    assert_eq!(breaker.configure(one), Ok(two));
    assert_eq!(registry.set_default_policy(two), Ok(Policy::new()));
    assert_eq!(registry.set_default_policy(one), Ok(two));
    assert_eq!(breaker.set_metadata("owner", "search"), Ok(None));
    assert_eq!(breaker.set_metadata("owner", "checkout"), Ok(Some("search".to_owned())));

    breaker.open();
    let taken_out = registry.unregister("payment_api").unwrap();
    assert_eq!(taken_out.state(), State::Open, "the circuit itself, and not one like it");
    taken_out.close();
    assert_eq!((breaker.state(), registry.len()), (State::Closed, 0));
}
