//! Threads of the library that sweep registries, started and ended again and again.

use std::thread;
use std::time::Duration;

use crate::chance::Chance;
use crate::pulse::Pulse;
use crate::world::World;

/// Sweeps all registries, until it is over.
pub(crate) fn sweep(world: &World, mut chance: Chance, pulse: &Pulse) {
    while !world.is_over() {
        pulse.beat("sweeping");
        let registries = world.fleets.iter().map(|fleet| &fleet.registry).chain([&world.passing.registry]);
        let interval = Duration::from_millis(chance.below(10));
        let sweepers: Vec<_> = registries.map(|registry| registry.spawn_sweeper(interval)).collect();
        world.passing.registry.sweep();
        thread::sleep(Duration::from_millis(chance.below(50)));
        if sweepers.iter().any(Result::is_err) {
            world.findings.add("the system gave no thread for a sweeper");
        }
    }
}
