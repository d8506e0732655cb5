//! The library's sweeper threads, started and ended again and again.

use std::thread;
use std::time::Duration;

use crate::random::Random;
use crate::shared::Shared;
use crate::watchdog::Heartbeat;

/// Sweeps all registries until the run is over.
pub(crate) fn sweep(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    while !shared.is_over() {
        heartbeat.beat("sweeping");
        let registries = shared
            .circuit_sets
            .iter()
            .map(|circuit_set| &circuit_set.registry)
            .chain([&shared.small_registry.registry]);
        let interval = Duration::from_millis(random.below(10));
        let sweepers: Vec<_> = registries.map(|registry| registry.spawn_sweeper(interval)).collect();
        shared.small_registry.registry.sweep();
        thread::sleep(Duration::from_millis(random.below(50)));
        if sweepers.iter().any(Result::is_err) {
            shared.problems.add("no thread could be spawned for a sweeper");
        }
    }
}
