//! What a fleet does among the threads.

use std::sync::Arc;

use breaker_box::fleet::{Adoption, Change, Generation, Membership, Peer, Shared};
use breaker_box::{CircuitBreaker, Registry};

use super::history::What;
use super::terms::{Adopted, Agreed, Slots};

/// A peer that does nothing.
struct Idle;

impl Peer for Idle {
    fn changed(&self, _: &CircuitBreaker, _: &Change) {}
}

/// A membership that the threads share, and the generation that one of them has seen last.
#[derive(Clone)]
pub(crate) struct Fleet {
    membership: Arc<Membership>,
    seen: Generation,
}

impl Fleet {
    pub(crate) fn of(registry: &Registry) -> Self {
        let membership = registry.join(Arc::new(Idle)).expect("the first to join");
        Self { membership: Arc::new(membership), seen: Generation::new(0) }
    }

    pub(crate) fn see(&mut self, breaker: &CircuitBreaker) -> What {
        let present = self.membership.present(breaker);
        self.seen = present.generation;
        What::SawGeneration { generation: number(present.generation), state: present.state, left: present.left }
    }

    pub(crate) fn adopt(&mut self, breaker: &CircuitBreaker, to: Agreed, compares: bool) -> What {
        let mut shared = Shared::new(to.state).openings(to.openings);
        shared.left = to.left;
        let expected = compares.then_some(self.seen);
        let (came, generation) = match self.membership.adopt(breaker, expected, &shared) {
            Adoption::Applied(generation) => (Adopted::Applied, generation),
            Adoption::Unchanged(generation) => (Adopted::Unchanged, generation),
            Adoption::Moved(change) => (Adopted::Moved, change.generation),
            other => panic!("the circuit is in its registry: {other:?}"),
        };
        self.seen = generation;
        What::Adopted { expected: expected.map(number), to, came, generation: number(generation) }
    }

    pub(crate) fn order_slots(&mut self, breaker: &CircuitBreaker, order: Slots) -> What {
        let done = match order {
            Slots::Hold => self.membership.hold_probes(breaker, self.seen),
            Slots::Grant { slots, within } => self.membership.grant_probes(breaker, self.seen, slots, within),
            Slots::Release => self.membership.release_probes(breaker, self.seen),
        };
        What::OrderedSlots { generation: number(self.seen), order, done }
    }
}

/// Circuits number their generations from 0, as the model does.
fn number(generation: Generation) -> u64 {
    let number = (0..10_000).find(|number| Generation::new(*number) == generation);
    number.expect("a program has few generations").into()
}
