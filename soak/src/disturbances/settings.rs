//! Settings that are read and applied again and again, valid and invalid ones.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use breaker_box::Settings;

use crate::circuit_set::{Circuit, CircuitSet};
use crate::expected_totals::Profile;
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::watchdog::Heartbeat;

/// This many circuits have settings.
const NAMED: usize = 200;

/// Applies settings until the run is over.
pub(crate) fn reload_settings(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    let circuit_set = &shared.circuit_sets[0];
    while !shared.is_over() {
        heartbeat.beat("reloading settings");
        if random.one_in(4) {
            reject(shared, circuit_set, &mut random);
        } else {
            apply(shared, circuit_set, &mut random);
        }
        thread::sleep(Duration::from_millis(random.below(30)));
    }
}

fn apply(shared: &Shared, circuit_set: &CircuitSet, random: &mut Random) {
    let settings = if random.one_in(2) {
        Settings::from_toml(&toml(circuit_set, random))
    } else {
        Settings::from_json(&json(circuit_set, random))
    };
    let applied = settings.map_err(|error| error.to_string()).and_then(|settings| {
        let named = settings.circuits().count();
        let applied = circuit_set.registry.apply(&settings).map_err(|error| error.to_string())?;
        Ok((named, applied))
    });
    match applied {
        Ok((named, applied))
            if applied.registered.is_empty() && applied.configured.len() + applied.unchanged.len() == named =>
        {
            add(&shared.counters.applied);
        }
        Ok((named, applied)) => shared.problems.add(format!("settings of {named} circuits: {applied}")),
        Err(error) => shared.problems.add(format!("valid settings were rejected: {error}")),
    }
}

/// Invalid settings cannot be created, so they change nothing.
fn reject(shared: &Shared, circuit_set: &CircuitSet, random: &mut Random) {
    let wrong = random.pick(&["failure_rate = 50\nwindow = 10", "expirey = \"1s\"", "failures = 3", "jitter = 2.0"]);
    let text = format!("{}\n[circuits.wrong]\n{wrong}\n", toml(circuit_set, random));
    if Settings::from_toml(&text).is_ok() {
        shared.problems.add(format!("invalid settings were accepted: {wrong}"));
    }
    add(&shared.counters.rejected);
}

/// The circuits whose profile allows any settings.
fn named(circuit_set: &CircuitSet) -> impl Iterator<Item = &Circuit> {
    circuit_set
        .circuits
        .iter()
        .map(|circuit| &**circuit)
        .filter(|circuit| circuit.profile == Profile::Plain)
        .take(NAMED)
}

fn toml(circuit_set: &CircuitSet, random: &mut Random) -> String {
    let mut text = "[defaults]\nexpiry = \"20ms\"\n\n[templates.rate]\nfailure_rate = 0.5\nwindow = 50\n".to_owned();
    for circuit in named(circuit_set) {
        let options = random.pick(&[
            "failure_threshold = 3",
            "failure_threshold = 7\njitter = 0.2",
            "template = \"rate\"",
            "template = \"rate\"\nwindow = \"1s\"\nminimum_calls = 5",
            "failures = 4\nwithin = \"10s\"\nbackoff_factor = 2.0\nmax_expiry = \"1m\"",
            "failure_threshold = 2\nhalf_open_max_calls = 3\nsuccess_threshold = 2",
        ]);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "[circuits.\"{}\"]\nscope = \"soak\"\n{options}\nmetadata = {{ team = \"{}\" }}",
            circuit.key.identifier(),
            random.below(3),
        );
    }
    text
}

fn json(circuit_set: &CircuitSet, random: &mut Random) -> String {
    let circuits: Vec<_> = named(circuit_set)
        .map(|circuit| {
            let threshold = random.count(2, 9);
            format!(
                r#""{}": {{ "scope": "soak", "failure_threshold": {threshold}, "expiry": "5ms" }}"#,
                circuit.key.identifier()
            )
        })
        .collect();
    format!(r#"{{ "circuits": {{ {} }} }}"#, circuits.join(", "))
}
