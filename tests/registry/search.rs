//! How often a full registry searches for room.

use std::time::Duration;

use breaker_box::{ManualClock, Registry};

use super::limits::{TWO, call, limited};

/// A registry of 640 open circuits that has just turned a newcomer away.
fn full_of_open_circuits() -> (Registry, ManualClock) {
    let (registry, clock) = limited(640);
    for number in 0..640 {
        call(&registry, &number.to_string());
        registry.open(number.to_string()).unwrap();
    }
    assert!(registry.register("newcomer", TWO).is_err());
    (registry, clock)
}

#[test]
fn a_failed_eviction_search_is_repeated_after_one_newcomer_per_64_circuits() {
    let (registry, _) = full_of_open_circuits();
    registry.reset("7").unwrap();
    let refused = (0..10).filter(|_| registry.register("newcomer", TWO).is_err()).count();
    assert_eq!(refused, 10);
    assert!(registry.register("newcomer", TWO).is_ok());
    assert!(registry.get("7").is_none());
}

#[test]
fn a_failed_eviction_search_is_repeated_after_a_second() {
    let (registry, clock) = full_of_open_circuits();
    registry.reset("7").unwrap();
    clock.advance(Duration::from_millis(999));
    assert!(registry.register("newcomer", TWO).is_err());
    clock.advance(Duration::from_millis(1));
    assert!(registry.register("newcomer", TWO).is_ok());
}

#[test]
fn a_search_that_found_more_than_it_needed_is_repeated_at_once() {
    let (registry, _) = limited(80);
    for number in 0..80 {
        call(&registry, &number.to_string());
    }
    // Each search makes room for a sixteenth.
    for number in 0..20 {
        assert!(registry.register(format!("newcomer {number}"), TWO).is_ok());
    }
}
