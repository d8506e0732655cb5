//! Clocks that jump: by nothing, by a moment, by a year.

use std::thread;
use std::time::Duration;

use crate::chance::Chance;
use crate::pulse::Pulse;
use crate::world::{World, add};

const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// A clock ends after 584 years, and the recovery needs some of them.
const LAST_JUMP_OF_YEARS: Duration = Duration::from_secs(300 * 365 * 86_400);

/// Moves the clocks of the fleet and of the passing names.
pub(crate) fn move_clocks(world: &World, mut chance: Chance, pulse: &Pulse) {
    let clocks: Vec<_> =
        world.fleets.iter().filter_map(|fleet| fleet.clock.as_ref()).chain([&world.passing.clock]).collect();
    while !world.is_over() {
        pulse.beat("moving clocks");
        for clock in &clocks {
            let jump = match chance.below(2_000) {
                0 if clock.elapsed() < LAST_JUMP_OF_YEARS => YEAR * chance.count(1, 10),
                1..=10 => Duration::from_secs(chance.below(86_400)),
                11..=60 => chance.micros(0, 60_000_000),
                61..=900 => chance.micros(0, 20_000),
                901..=1_000 => Duration::ZERO,
                _ => Duration::from_nanos(chance.below(100_000)),
            };
            clock.advance(jump);
            add(&world.tally.jumps);
        }
        if chance.one_in(4) {
            thread::sleep(Duration::from_micros(200));
        } else {
            thread::yield_now();
        }
    }
}
