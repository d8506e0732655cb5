//! The samples that jitter is made of.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, RandomState};
use std::sync::LazyLock;

use crate::clock::Clock;
use crate::key::Key;

/// A sample in [−1, 1], hashed from key and generation, so that a peek at the state and the step
/// that is taken later agree. Seeded per process, and fixed on a manual clock, so that tests and
/// simulations repeat.
pub(super) fn jitter_sample(key: &Key, generation: u32, clock: &Clock) -> f64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    // Part by part: how a key is hashed for look-ups may change, and must not change what repeats.
    let circuit = (key.kind(), key.scope(), key.identifier(), generation);
    let bits = if clock.is_manual() {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(circuit)
    } else {
        // With the process, because a child that was forked has the seed of its parent.
        SEED.hash_one((process(), circuit))
    };
    // An f64 keeps 53 bits.
    #[allow(clippy::cast_precision_loss)]
    let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    unit.mul_add(2.0, -1.0)
}

/// Tells processes apart that were forked from one parent.
fn process() -> u32 {
    // There are none on bare WebAssembly, where asking panics.
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}
