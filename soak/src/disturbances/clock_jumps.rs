//! Manual clocks that jump: by nothing, by a moment, by a year.

use std::thread;
use std::time::Duration;

use crate::random::Random;
use crate::shared::{Shared, add};
use crate::watchdog::Heartbeat;

const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// A clock overflows after 584 years, and the recovery needs some of them.
const LAST_JUMP_OF_YEARS: Duration = Duration::from_secs(300 * 365 * 86_400);

/// Advances the manual clocks of the circuit sets and of the small registry.
pub(crate) fn move_clocks(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    let clocks: Vec<_> = shared
        .circuit_sets
        .iter()
        .filter_map(|circuit_set| circuit_set.clock.as_ref())
        .chain([&shared.small_registry.clock])
        .collect();
    while !shared.is_over() {
        heartbeat.beat("moving clocks");
        for clock in &clocks {
            let jump = match random.below(2_000) {
                0 if clock.elapsed() < LAST_JUMP_OF_YEARS => YEAR * random.count(1, 10),
                1..=10 => Duration::from_secs(random.below(86_400)),
                11..=60 => random.micros(0, 60_000_000),
                61..=900 => random.micros(0, 20_000),
                901..=1_000 => Duration::ZERO,
                _ => Duration::from_nanos(random.below(100_000)),
            };
            clock.advance(jump);
            add(&shared.counters.jumps);
        }
        if random.one_in(4) {
            thread::sleep(Duration::from_micros(200));
        } else {
            thread::yield_now();
        }
    }
}
