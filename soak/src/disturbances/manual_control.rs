//! Manual control, new policies and status checks while calls run.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use breaker_box::{Policy, State, Totals};

use crate::circuit_set::{Circuit, CircuitSet};
use crate::expected_totals::Profile;
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::watchdog::Heartbeat;

/// Controls and checks circuits until the run is over.
pub(crate) fn control_circuits(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    let mut disabled: Option<Arc<Circuit>> = None;
    while !shared.is_over() {
        heartbeat.beat("controlling circuits");
        let circuit_set = &shared.circuit_sets[random.index(shared.circuit_sets.len())];
        let circuit = circuit_set.any(&mut random);
        match random.below(8) {
            0 => {
                if let Some(circuit) = disabled.take() {
                    enable(&circuit);
                } else if circuit.profile == Profile::MayBeDisabled && circuit.expected.begin_disabled() {
                    disabled = Some(Arc::clone(circuit));
                    circuit.breaker.disable();
                    add(&shared.counters.commands);
                }
            }
            1..=3 => command(shared, circuit_set, circuit, &mut random),
            4 | 5 if circuit_set.is_reconfigured => configure(shared, circuit_set, circuit, &mut random),
            6 => check_status(shared, circuit_set, circuit, &mut random),
            _ => control_small_registry(shared, &mut random),
        }
        thread::sleep(Duration::from_micros(random.below(300)));
    }
    if let Some(circuit) = disabled {
        enable(&circuit);
    }
}

/// Enables a disabled circuit again, even if another command did so already.
fn enable(circuit: &Circuit) {
    circuit.breaker.reset();
    circuit.expected.end_disabled();
}

fn command(shared: &Shared, circuit_set: &CircuitSet, circuit: &Circuit, random: &mut Random) {
    add(&shared.counters.commands);
    let Circuit { breaker, key, .. } = circuit;
    let registry = &circuit_set.registry;
    let long = random.micros(0, 30_000);
    let by_name = match random.below(16) {
        0 => registry.open(key),
        1 => registry.open_for(key, long),
        2 => registry.force_open(key),
        3 => registry.close(key),
        4 => registry.metrics_only(key),
        5..=8 => registry.reset(key),
        other => {
            match other {
                9 => breaker.open_because("a manual command"),
                10 => {
                    breaker.open_for_because(if random.one_in(20) { Duration::MAX } else { long }, "a manual command");
                }
                11 => breaker.force_open_because("maintenance"),
                12 => breaker.metrics_only_because("a dry run"),
                13 => breaker.close_because("a manual command"),
                _ => breaker.reset_because("a manual command"),
            }
            Ok(())
        }
    };
    if let Err(error) = by_name {
        shared.problems.add(format!("a command by name: {error}"));
    }
}

fn configure(shared: &Shared, circuit_set: &CircuitSet, circuit: &Circuit, random: &mut Random) {
    let policy = circuit_set.policy_for(circuit, random);
    let by_name = random.one_in(2);
    let configured = if by_name {
        circuit_set.registry.configure(&circuit.key, policy).map_err(|error| error.to_string())
    } else {
        circuit.breaker.configure(policy).map_err(|error| error.to_string())
    };
    if let Err(error) = configured {
        shared.problems.add(format!("a valid policy was rejected: {error}: {policy:?}"));
    }
    add(&shared.counters.configured);
    if random.one_in(10) && circuit.breaker.configure(Policy::consecutive_failures(0)).is_ok() {
        shared.problems.add("an invalid policy was accepted");
    }
    circuit.breaker.set_metadata("configured", random.below(10).to_string()).expect("it is short");
}

/// Checks that a status is consistent, and that totals never decrease.
fn check_status(shared: &Shared, circuit_set: &CircuitSet, circuit: &Circuit, random: &mut Random) {
    let before = circuit.breaker.status();
    let after = circuit_set.registry.status(&circuit.key).expect("it is registered");
    if went_back(&before.totals, &after.totals) {
        shared.problems.add(format!("totals went back: {:?}, then {:?}", before.totals, after.totals));
    }
    if after.opened_at.is_some() != matches!(after.state, State::Open | State::HalfOpen | State::ForcedOpen) {
        shared.problems.add(format!("opened at {:?} in state {}", after.opened_at, after.state));
    }
    if after.retry_after.is_some() && after.state != State::Open {
        shared.problems.add(format!("retry_after is {:?} in state {}", after.retry_after, after.state));
    }
    for rate in [after.window.failure_rate, after.window.slow_call_rate].into_iter().flatten() {
        if !(0.0..=1.0).contains(&rate) {
            shared.problems.add(format!("a rate of {rate}: {:?}", after.window));
        }
    }
    if random.one_in(200) && circuit_set.registry.list().len() != circuit_set.circuits.len() {
        shared.problems.add(format!("{}: the list does not hold every circuit", circuit_set.name));
    }
}

fn went_back(before: &Totals, after: &Totals) -> bool {
    let counts = |totals: &Totals| {
        let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = *totals;
        [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
    };
    counts(before).into_iter().zip(counts(after)).any(|(before, after)| after < before)
}

/// The same for the circuits of the small registry.
fn control_small_registry(shared: &Shared, random: &mut Random) {
    let registry = &shared.small_registry.registry;
    let (number, name) = shared.small_registry.any(random);
    add(&shared.counters.commands);
    // Whether it is there is chance.
    let _ = match random.below(8) {
        0..=2 => {
            shared.small_registry.unregister(number);
            Ok(())
        }
        3 => registry.open(&name.text),
        4 => registry.reset(&name.text),
        5 => registry.close(&name.text),
        6 => registry.configure(&name.text, Policy::consecutive_failures(2)).map(drop).or(Ok(())),
        _ => registry.status(&name.text).map(drop),
    };
    if random.one_in(400) {
        // A circuit that has failed and is not called again is never evicted, so it has to be
        // reset.
        registry.list().iter().filter(|status| status.failure_count > 0 || status.state != State::Closed).for_each(
            |status| {
                let _ = registry.reset(&status.key);
            },
        );
    }
    if registry.len() > 1_000 {
        shared.problems.add(format!("small registry: {} circuits, although the limit is 1000", registry.len()));
    }
}
