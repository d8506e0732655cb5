//! The fleet that a registry has joined.

use std::sync::{Arc, Mutex};

use breaker_box::fleet::{Change, FleetStatus, Membership, Peer};
use breaker_box::{CircuitBreaker, Metrics, Registry};

use crate::exporter::{Exporter, rendered};
use crate::exposition::Scrape;
use crate::support::registry;

/// A peer that shares nothing and has the status that the test gives it.
#[derive(Default)]
pub(crate) struct Paper {
    status: Mutex<FleetStatus>,
}

impl Peer for Paper {
    fn changed(&self, _: &CircuitBreaker, _: &Change) {}

    fn status(&self) -> FleetStatus {
        self.status.lock().unwrap().clone()
    }
}

impl Paper {
    /// Joins a registry to a fleet. It leaves when the membership is dropped.
    pub(crate) fn join(registry: &Registry) -> (Arc<Self>, Membership) {
        let peer = Arc::new(Self::default());
        let membership = registry.join(Arc::<Self>::clone(&peer)).unwrap();
        (peer, membership)
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut FleetStatus)) {
        change(&mut self.status.lock().unwrap());
    }
}

const GAUGES: [&str; 4] = ["connected", "instances", "shared_circuits", "pending"];
const COUNTERS: [&str; 3] = ["adopted_total", "published_total", "errors_total"];

fn values<const N: usize>(scrape: &Scrape, names: [&str; N], labels: &[(&str, &str)]) -> [Option<f64>; N] {
    names.map(|name| scrape.value(&format!("breaker_box_fleet_{name}"), labels))
}

#[test]
fn the_status_of_the_fleet_is_in_every_scrape() {
    let (registry, _clock) = registry();
    let (peer, _membership) = Paper::join(&registry);
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    for scrape in [exporter.scrape(&metrics), rendered(&metrics)] {
        assert_eq!(values(&scrape, GAUGES, &[]), [Some(0.0); 4], "not connected yet");
        assert_eq!(values(&scrape, COUNTERS, &[]), [Some(0.0); 3]);
    }
    peer.set(|status| {
        status.connected = true;
        (status.instances, status.shared_circuits, status.pending) = (50, 7, 2);
        (status.adopted, status.published, status.errors) = (11, 13, 17);
    });
    for scrape in [exporter.scrape(&metrics), rendered(&metrics)] {
        assert_eq!(values(&scrape, GAUGES, &[]), [1.0, 50.0, 7.0, 2.0].map(Some));
        assert_eq!(values(&scrape, COUNTERS, &[]), [11.0, 13.0, 17.0].map(Some));
    }
}

#[test]
fn a_registry_that_has_joined_no_fleet_has_no_such_series() {
    let (registry, _clock) = registry();
    registry.call("search", || Ok::<_, ()>(())).unwrap();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    exporter.scrape(&metrics);
    for text in [exporter.render(), metrics.render()] {
        let series = text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(series.filter(|line| line.contains("fleet")).count(), 0, "{text}");
    }
    assert!(!metrics.render().contains("fleet"));
}

#[test]
fn the_series_end_when_the_registry_leaves_and_count_on_when_it_joins_again() {
    let (registry, _clock) = registry();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    let (peer, membership) = Paper::join(&registry);
    peer.set(|status| (status.connected, status.published) = (true, 5));
    exporter.scrape(&metrics);
    drop(membership);
    assert_eq!(metrics.render(), "");
    let left = exporter.scrape(&metrics);
    // Not 0: it is not disconnected.
    assert!(values(&left, GAUGES, &[]).iter().all(|value| value.is_some_and(f64::is_nan)));

    let (peer, _membership) = Paper::join(&registry);
    peer.set(|status| (status.connected, status.published) = (true, 3));
    let again = exporter.scrape(&metrics);
    assert_eq!(again.value("breaker_box_fleet_connected", &[]), Some(1.0));
    assert_eq!(again.value("breaker_box_fleet_published_total", &[]), Some(8.0));
    assert_eq!(rendered(&metrics).value("breaker_box_fleet_published_total", &[]), Some(3.0));
}

#[test]
fn two_fleets_of_one_process_are_distinguished_by_the_label_of_their_registry() {
    let ((orders, _), (jobs, _)) = (registry(), registry());
    let ((of_orders, _one), (of_jobs, _other)) = (Paper::join(&orders), Paper::join(&jobs));
    of_orders.set(|status| status.instances = 3);
    of_jobs.set(|status| status.instances = 4);
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&orders).registry("jobs", &jobs));
    for scrape in [exporter.scrape(&metrics), rendered(&metrics)] {
        assert_eq!(scrape.value("breaker_box_fleet_instances", &[]), Some(3.0));
        assert_eq!(scrape.value("breaker_box_fleet_instances", &[("registry", "jobs")]), Some(4.0));
    }
}
