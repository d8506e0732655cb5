//! Call sites, which remember the circuit that they found first, while circuits come and go.

use std::collections::BTreeSet;

use breaker_core::private::{CircuitSlot, Site, SiteOptions, enter, settle};
use breaker_core::{ManualClock, Policy, Registry};

use crate::support::{Work, failures_of, outcomes, registry, seconds, together};

/// The site of a function named `a`. A site is static, so each run leaks one.
fn site() -> &'static Site {
    let site: &Site = Box::leak(Box::new(Site::new("a", None, None)));
    // The checker wants the cell to be used before it is shared.
    assert!(!format!("{site:?}").is_empty());
    site
}

/// One call of the annotated function; whether it was admitted.
fn call(registry: &Registry, site: &'static Site, succeeds: bool) -> bool {
    let mut slot = CircuitSlot::new();
    let options = SiteOptions::new(None);
    enter(site, registry, options, &mut slot).map(|admission| settle(admission, (), |()| succeeds.into())).is_ok()
}

fn failing(registry: &Registry, site: &'static Site) -> Work<bool> {
    let registry = registry.clone();
    Box::new(move || call(&registry, site, false))
}

// Seen to fail when `Registry::make` looks for the name before it takes the lock of the makers, not
// under it.
#[test]
fn first_calls_of_a_site_meet_in_one_circuit() {
    let seen = outcomes(|| {
        let (registry, site) = (registry(), site());
        together([failing(&registry, site), failing(&registry, site)]);
        call(&registry, site, false);
        (registry.len(), failures_of(&registry, "a"))
    });
    assert_eq!(seen, BTreeSet::from([(1, Some(3))]));
}

// Seen to fail when `Registry::unregister` does not retire the circuit, or `Atomics::change_word`
// stores the word plainly.
#[test]
fn a_site_leaves_a_circuit_that_was_unregistered() {
    let seen = outcomes(|| {
        let (registry, site) = (registry(), site());
        call(&registry, site, false);
        let old = registry.get("a").expect("the site made it");
        let leaving = registry.clone();
        together([failing(&registry, site), Box::new(move || leaving.unregister("a").is_ok())]);
        // After the removal, all calls go to the new one.
        call(&registry, site, false);
        (old.status().totals.failures, failures_of(&registry, "a"))
    });
    assert_eq!(seen, BTreeSet::from([(2, Some(1)), (1, Some(2))]));
}

// Seen to fail when a pin is taken although the circuit had left, and when
// `enter_cold` neither remembers nor keeps it.
#[test]
fn a_site_keeps_the_circuit_that_its_first_call_finds_or_makes() {
    let seen = outcomes(|| {
        let clock = ManualClock::new();
        let builder = Registry::builder().default_policy(Policy::new()).clock(clock.clone());
        let registry = builder.idle_after(seconds(10)).build().expect("a valid policy");
        registry.call_with("a", || (), |()| true).expect("it is closed");
        clock.advance(seconds(10));
        let (site, swept) = (site(), registry.clone());
        let sweep: Work<bool> = Box::new(move || {
            swept.sweep();
            true
        });
        together([failing(&registry, site), sweep]);
        clock.advance(seconds(20));
        registry.sweep();
        failures_of(&registry, "a")
    });
    assert_eq!(seen, BTreeSet::from([Some(1)]));
}
