//! Settings that are read and applied again and again, right and wrong ones.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use breaker_box::Settings;

use crate::chance::Chance;
use crate::fleet::{Fleet, Subject};
use crate::ledger::Manner;
use crate::pulse::Pulse;
use crate::world::{World, add};

/// So many circuits have settings.
const NAMED: usize = 200;

/// Applies settings, until it is over.
pub(crate) fn reload_settings(world: &World, mut chance: Chance, pulse: &Pulse) {
    let fleet = &world.fleets[0];
    while !world.is_over() {
        pulse.beat("reloading settings");
        if chance.one_in(4) {
            refuse(world, fleet, &mut chance);
        } else {
            apply(world, fleet, &mut chance);
        }
        thread::sleep(Duration::from_millis(chance.below(30)));
    }
}

fn apply(world: &World, fleet: &Fleet, chance: &mut Chance) {
    let settings = if chance.one_in(2) {
        Settings::from_toml(&toml(fleet, chance))
    } else {
        Settings::from_json(&json(fleet, chance))
    };
    let applied = settings.map_err(|error| error.to_string()).and_then(|settings| {
        let named = settings.circuits().count();
        let applied = fleet.registry.apply(&settings).map_err(|error| error.to_string())?;
        Ok((named, applied))
    });
    match applied {
        Ok((named, applied))
            if applied.registered.is_empty() && applied.configured.len() + applied.unchanged.len() == named =>
        {
            add(&world.tally.applied);
        }
        Ok((named, applied)) => world.findings.add(format!("settings of {named} circuits: {applied}")),
        Err(error) => world.findings.add(format!("settings were refused: {error}")),
    }
}

/// Wrong settings change nothing, because they cannot even be made.
fn refuse(world: &World, fleet: &Fleet, chance: &mut Chance) {
    let wrong = chance.pick(&["failure_rate = 50\nwindow = 10", "expirey = \"1s\"", "failures = 3", "jitter = 2.0"]);
    let text = format!("{}\n[circuits.wrong]\n{wrong}\n", toml(fleet, chance));
    if Settings::from_toml(&text).is_ok() {
        world.findings.add(format!("wrong settings were taken: {wrong}"));
    }
    add(&world.tally.refused);
}

/// Circuits whose manner no settings can hurt.
fn named(fleet: &Fleet) -> impl Iterator<Item = &Subject> {
    fleet.subjects.iter().map(|subject| &**subject).filter(|subject| subject.manner == Manner::Plain).take(NAMED)
}

fn toml(fleet: &Fleet, chance: &mut Chance) -> String {
    let mut text = "[defaults]\nexpiry = \"20ms\"\n\n[templates.rate]\nfailure_rate = 0.5\nwindow = 50\n".to_owned();
    for subject in named(fleet) {
        let options = chance.pick(&[
            "failure_threshold = 3",
            "failure_threshold = 7\njitter = 0.2",
            "template = \"rate\"",
            "template = \"rate\"\nwindow = \"1s\"\nminimum_calls = 5",
            "failures = 4\nwithin = \"10s\"\nbackoff_factor = 2.0\nmax_expiry = \"1m\"",
            "failure_threshold = 2\nhalf_open_max_calls = 3\nsuccess_threshold = 2",
        ]);
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "[circuits.\"{}\"]\nscope = \"soak\"\n{options}\nmetadata = {{ team = \"{}\" }}",
            subject.key.identifier(),
            chance.below(3),
        );
    }
    text
}

fn json(fleet: &Fleet, chance: &mut Chance) -> String {
    let circuits: Vec<_> = named(fleet)
        .map(|subject| {
            let threshold = chance.count(2, 9);
            format!(
                r#""{}": {{ "scope": "soak", "failure_threshold": {threshold}, "expiry": "5ms" }}"#,
                subject.key.identifier()
            )
        })
        .collect();
    format!(r#"{{ "circuits": {{ {} }} }}"#, circuits.join(", "))
}
