//! The summary of a run.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::{Level, MemoryUsage};
use crate::shared::Shared;

/// Prints what was done, and the memory in use.
pub(crate) fn print(shared: &Shared, memory: &MemoryUsage) {
    let counters = &shared.counters;
    // Relaxed: counts, shown after the threads were joined.
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} calls ({} in the small registry, {} items of wires), {} short-lived threads",
        of(&counters.calls),
        shared.small_registry.calls(),
        of(&counters.items),
        of(&counters.threads),
    );
    println!(
        "{} manual commands, {} policies replaced, {} settings applied and {} rejected, {} clock jumps, {} subscribers",
        of(&counters.commands),
        of(&counters.configured),
        of(&counters.applied),
        of(&counters.rejected),
        of(&counters.jumps),
        of(&counters.subscribed),
    );
    for circuit_set in &shared.circuit_sets {
        println!("{}: {}", circuit_set.name, circuit_set.summary());
    }
    println!("small registry: {}", shared.small_registry.summary());
    for (what, levels) in [("allocated", memory.allocated()), ("resident", memory.resident())] {
        let [first, second] = levels;
        println!("{what}: first half {first}, second half {second}");
    }
    println!("allocated in each tenth, in MB: {:?}", memory.allocated_by_tenth());
}

/// How much more memory the second half may use than the first, for noise.
const MORE: f64 = 1.05;
const MORE_KILOBYTES: usize = 2_048;

/// Returns a problem if memory grew.
pub(crate) fn check_memory(memory: &MemoryUsage) -> Option<String> {
    let [first, second] = memory.allocated();
    let is_flat = second.middle <= scaled(first.middle) + MORE_KILOBYTES
        && second.highest <= scaled(first.highest) + MORE_KILOBYTES;
    (!is_flat).then(|| format!("memory grows: first half {first}, second half {second}"))
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kilobytes")]
fn scaled(kilobytes: usize) -> usize {
    (kilobytes as f64 * MORE) as usize
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} kB (highest {})", self.middle, self.highest)
    }
}
