//! A circuit that leaves while the metrics of its group are read.

use std::collections::BTreeSet;

use breaker_core::{Metrics, Policy};

use crate::support::{outcomes, registry, succeed, together};

/// The successes of the group, as a scrape finds them.
fn successes(metrics: &Metrics) -> u64 {
    let page = metrics.render();
    let line = page.lines().find(|line| line.contains("outcome=\"success\""));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

// Seen to fail when the circuits are listed before the counts of those that have left are read (the
// call is counted twice), and when the sum from before is not shown again (it is not counted).
#[test]
fn a_circuit_that_leaves_during_a_scrape_is_counted_once() {
    let seen = outcomes(|| {
        let registry = registry();
        let metrics = Metrics::new(&registry).group_by(|_| Some("all"));
        succeed(&registry.register("a", Policy::new()).expect("a free name"));
        assert_eq!(successes(&metrics), 1);
        let leaves = {
            let registry = registry.clone();
            Box::new(move || registry.unregister("a").map_or(0, |_| 1))
        };
        let read = {
            let metrics = metrics.clone();
            Box::new(move || successes(&metrics))
        };
        let during = together([leaves, read]);
        (during, successes(&metrics))
    });
    assert_eq!(seen, BTreeSet::from([(vec![1, 1], 1)]));
}
