//! A fleet on paper: its other instances exist only in the test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_core::fleet::{Adoption, Change, FleetStatus, Membership, Peer, Publisher, Shared};
use breaker_core::{CircuitBreaker, KeyRef, Registry, State};

/// The id of this instance.
pub(crate) const OWN: &str = "web-1-aaaa";

#[derive(Default)]
struct Paper {
    status: Mutex<FleetStatus>,
    publishers: Mutex<HashMap<String, Publisher>>,
    heard: Mutex<Vec<(State, bool)>>,
}

impl Peer for Paper {
    fn changed(&self, _: &CircuitBreaker, change: &Change) {
        self.heard.lock().unwrap().push((change.state, change.only_here));
    }

    fn shares(&self, key: KeyRef<'_>) -> bool {
        // As a filter of the service that has a bug.
        assert_ne!(key.identifier(), "panics", "on purpose");
        key.identifier() != "local"
    }

    fn publisher(&self, key: KeyRef<'_>) -> Option<Publisher> {
        self.publishers.lock().unwrap().get(key.identifier()).cloned()
    }

    fn status(&self) -> FleetStatus {
        self.status.lock().unwrap().clone()
    }
}

/// A registry leaves it when it is dropped.
pub(crate) struct Fleet {
    registry: Registry,
    paper: Arc<Paper>,
    membership: Membership,
}

impl Fleet {
    /// Joins a connected fleet of three instances.
    pub(crate) fn join(registry: &Registry) -> Self {
        let paper = Arc::new(Paper::default());
        let membership = registry.join(Arc::<Paper>::clone(&paper)).unwrap();
        let fleet = Self { registry: registry.clone(), paper, membership };
        fleet.set(|status| {
            status.connected = true;
            OWN.clone_into(&mut status.instance);
            status.instances = 3;
        });
        fleet
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut FleetStatus)) {
        change(&mut self.paper.status.lock().unwrap());
    }

    /// The connection to the store is lost.
    pub(crate) fn lose(&self, error: &str) {
        self.set(|status| {
            status.connected = false;
            status.errors += 1;
            status.last_error = Some(error.to_owned());
        });
    }

    /// What the fleet says of the state of a circuit.
    pub(crate) fn publish(&self, circuit: &str, instance: &str, cause: &str) {
        let publisher = Publisher::new(instance, cause);
        self.paper.publishers.lock().unwrap().insert(circuit.to_owned(), publisher);
    }

    /// An instance opens a circuit for an hour, and this one adopts that.
    pub(crate) fn open(&self, circuit: &str, instance: &str, cause: &str, reason: Option<&str>) {
        self.publish(circuit, instance, cause);
        let mut shared = Shared::new(State::Open).left(Duration::from_secs(3_600)).openings(1);
        shared.reason = reason.map(Into::into);
        let adoption = self.membership.adopt(&self.registry.get(circuit).unwrap(), None, &shared);
        assert!(matches!(adoption, Adoption::Applied(_)), "{adoption:?}");
    }

    /// The changes that the peer was told: the state, and whether it is only for this instance.
    pub(crate) fn heard(&self) -> Vec<(State, bool)> {
        self.paper.heard.lock().unwrap().clone()
    }
}
