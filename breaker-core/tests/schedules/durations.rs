//! How long calls took: a stripe for each thread, as with the totals, and one that the others
//! share.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Metrics, Policy, Registry, Window};

use crate::support::{outcomes_of_many_steps, registry, seconds, succeed, together, with};

/// A circuit whose calls are timed.
fn timed(registry: &Registry) -> CircuitBreaker {
    let policy = Policy::slow_call_rate(1.0, seconds(1), Window::calls(8));
    registry.register("a", policy).expect("a free name")
}

/// The calls in the histogram, as a scrape finds them.
fn counted(registry: &Registry) -> u64 {
    let page = Metrics::new(registry).render();
    let line = page.lines().find(|line| line.starts_with(&format!("{}_count", Metrics::DURATION)));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

// Seen to fail when `Stripe::add_shared` adds as the owner does.
#[test]
fn the_durations_of_threads_that_share_a_stripe_add_up() {
    let seen = outcomes_of_many_steps(|| {
        let registry = registry();
        let breaker = timed(&registry);
        // This thread has the first slot, and only that one has a stripe of its own here: the two
        // others share.
        succeed(&breaker);
        together([with(&breaker, succeed), with(&breaker, succeed), with(&breaker, succeed)]);
        counted(&registry)
    });
    assert_eq!(seen, BTreeSet::from([4]));
}
