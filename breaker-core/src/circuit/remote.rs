//! What a fleet does to a circuit, and asks it.

use super::aftermath::Aftermath;
use super::transaction::Transaction;
use super::word::Flags;
use super::{Circuit, notes};
use crate::counters::Count;
use crate::machine::{Adopted, Input, ProbeOrder, Reply};
use crate::sharing::{Adoption, Change, Counts, Generation, Shared};

impl Circuit {
    /// Takes over a state that other instances agree on.
    pub(crate) fn adopt(&self, expected: Option<Generation>, to: &Shared) -> Adoption {
        self.transact(|transaction| {
            if self.is_retired() {
                return Adoption::Gone;
            }
            transaction.pass_time();
            let expected = expected.map(Generation::number);
            let reply = transaction.step(&Input::Adopted { expected, to: adopted(to) }, to.reason.as_ref());
            let generation = Generation::new(transaction.locked.snapshot().generation);
            match reply {
                Reply::Late => Adoption::Moved(notes::present(&transaction.locked, transaction.moment.now)),
                Reply::Unchanged => Adoption::Unchanged(generation),
                Reply::Admitted | Reply::Rejected { .. } | Reply::Done => Adoption::Applied(generation),
            }
        })
    }

    /// Begins a new circuit in a state that other instances agree on, and then makes it visible.
    /// The caller [finishes](Self::finish) once it holds no lock.
    pub(crate) fn begin(&self, to: &Shared, make_visible: impl FnOnce()) -> Aftermath {
        let work = |transaction: &mut Transaction<'_>| {
            transaction.step(&Input::Adopted { expected: None, to: adopted(to) }, to.reason.as_ref());
            // Under the lock, so that a fleet finds the circuit, and hears of this before it hears
            // of anything that a call causes.
            make_visible();
        };
        self.transact_quietly(self.locked.lock(), work).1
    }

    /// The generation and the state as of now.
    pub(crate) fn present(&self) -> Change {
        self.transact(|transaction| {
            transaction.pass_time();
            notes::present(&transaction.locked, transaction.moment.now)
        })
    }

    /// Holds, grants or releases the slots of probes. False if the circuit is in another
    /// generation, or in one without slots or without a hold.
    pub(crate) fn order_probes(&self, generation: Generation, order: ProbeOrder) -> bool {
        self.transact(|transaction| {
            transaction.pass_time();
            let input = Input::Probes { generation: generation.number(), order };
            !self.is_retired() && transaction.step(&input, None) == Reply::Done
        })
    }

    /// Releases the slots of probes, in whatever generation.
    pub(crate) fn release_held_probes(&self) {
        self.transact(|transaction| {
            let snapshot = transaction.locked.snapshot();
            if snapshot.allowance.is_some() {
                let generation = snapshot.generation;
                transaction.step(&Input::Probes { generation, order: ProbeOrder::Release }, None);
            }
        });
    }

    /// The calls so far. Without the lock, unless failures take it too.
    pub(crate) fn counts(&self) -> Counts {
        let counts = |failures_here, slow| {
            let failures = self.counters.get(Count::Failures).wrapping_add(failures_here);
            Counts::new(self.successes().wrapping_add(failures), failures, slow)
        };
        if !self.atomics.word().has(Flags::LOCKED) {
            return counts(0, 0);
        }
        let locked = self.locked.lock();
        counts(locked.failures(), locked.counted().slow)
    }
}

pub(super) const fn adopted(to: &Shared) -> Adopted {
    Adopted { state: to.state, left: to.left, openings: to.openings }
}
