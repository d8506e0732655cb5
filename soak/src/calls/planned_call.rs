//! Random calls.

use std::sync::Arc;

use crate::circuit_set::{Circuit, CircuitSet};
use crate::random::Random;
use crate::tracked_call::Intent;

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedCall<'a> {
    pub(crate) circuit_set: &'a CircuitSet,
    pub(crate) circuit: &'a Arc<Circuit>,
    pub(crate) intent: Intent,
    /// How often it yields before it ends.
    pub(crate) waits: u32,
}

impl<'a> PlannedCall<'a> {
    /// A random call to a random circuit of the set. Its intent depends on the phase.
    pub(crate) fn draw(circuit_set: &'a CircuitSet, phase: u64, random: &mut Random) -> Self {
        let circuit = circuit_set.any(random);
        let waits = if random.one_in(4) { random.count(0, 6) } else { 0 };
        Self { circuit_set, circuit, intent: intent(circuit.number, phase, random), waits }
    }
}

/// The random intent of a call. In a bad phase of its circuit, most calls fail.
pub(crate) fn intent(number: usize, phase: u64, random: &mut Random) -> Intent {
    let is_bad = Random::new(phase, number as u64).one_in(3);
    match random.below(100) {
        0 => Intent::Ignore,
        1 => Intent::Drop,
        2 => Intent::Panic,
        3 => Intent::PanicInClassifier,
        4 if random.one_in(4) => Intent::Trip,
        5 if random.one_in(8) => Intent::Forget,
        6..=70 if is_bad => random.pick(&[Intent::Fail, Intent::FailBecause]),
        6..=8 => random.pick(&[Intent::Fail, Intent::FailBecause]),
        _ => Intent::Succeed,
    }
}
