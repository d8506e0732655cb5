//! What was done, in a few lines.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::gauge::{Gauge, Level};
use crate::world::World;

/// What was done, and to how much memory it came.
pub(crate) fn print(world: &World, gauge: &Gauge) {
    let tally = &world.tally;
    // Relaxed: counts, shown after the threads were joined.
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} calls ({} by passing names, {} items of wires), {} threads came and went",
        of(&tally.calls),
        world.passing.calls(),
        of(&tally.items),
        of(&tally.threads),
    );
    println!(
        "{} orders, {} policies swapped, {} settings applied and {} refused, {} jumps of clocks, {} watchers",
        of(&tally.orders),
        of(&tally.configured),
        of(&tally.applied),
        of(&tally.refused),
        of(&tally.jumps),
        of(&tally.subscribed),
    );
    for fleet in &world.fleets {
        println!("{}: {}", fleet.name, fleet.summary());
    }
    println!("passing names: {}", world.passing.summary());
    for (what, levels) in [("allocated", gauge.allocated()), ("resident", gauge.resident())] {
        let [first, second] = levels;
        println!("{what}: first half {first}, second half {second}");
    }
    println!("allocated in each tenth, in MB: {:?}", gauge.course());
}

/// What the second half may hold more than the first: chance, and what is rare.
const MORE: f64 = 1.05;
const MORE_KILOBYTES: usize = 2_048;

/// Whether memory is flat.
pub(crate) fn judge_memory(gauge: &Gauge) -> Option<String> {
    let [first, second] = gauge.allocated();
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
