//! The random samples for jitter.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, RandomState};
use std::sync::LazyLock;

use crate::clock::Clock;
use crate::key::Key;

/// A sample in [−1, 1], hashed from key and generation, so that a query of the state and the later
/// step agree. Seeded per process, but fixed with a manual clock, so that tests and simulations are
/// reproducible.
pub(super) fn jitter_sample(key: &Key, generation: u32, clock: &Clock) -> f64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    // Part by part: the hash of a key for look-ups may change and must not affect reproducibility.
    let circuit = (key.kind(), key.scope(), key.identifier(), generation);
    let bits = if clock.is_manual() {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(circuit)
    } else {
        // Includes the process, because a forked child has its parent's seed.
        SEED.hash_one((process(), circuit))
    };
    // An f64 keeps 53 bits.
    #[allow(clippy::cast_precision_loss)]
    let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    unit.mul_add(2.0, -1.0)
}

/// Distinguishes processes that were forked from one parent.
fn process() -> u32 {
    // Bare WebAssembly has no process id, and asking for it panics.
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}
