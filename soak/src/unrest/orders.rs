//! Circuits that are moved by hand, swapped policies, and looks from outside, while calls run.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use breaker_box::{Policy, State, Totals};

use crate::chance::Chance;
use crate::fleet::{Fleet, Subject};
use crate::ledger::Manner;
use crate::pulse::Pulse;
use crate::world::{World, add};

/// Orders and looks, until it is over.
pub(crate) fn give_orders(world: &World, mut chance: Chance, pulse: &Pulse) {
    let mut disabled: Option<Arc<Subject>> = None;
    while !world.is_over() {
        pulse.beat("giving orders");
        let fleet = &world.fleets[chance.index(world.fleets.len())];
        let subject = fleet.any(&mut chance);
        match chance.below(8) {
            0 => {
                if let Some(subject) = disabled.take() {
                    enable(&subject);
                } else if subject.manner == Manner::MayBeDisabled && subject.ledger.stay_begins() {
                    disabled = Some(Arc::clone(subject));
                    subject.breaker.disable();
                    add(&world.tally.orders);
                }
            }
            1..=3 => order(world, fleet, subject, &mut chance),
            4 | 5 if fleet.is_reconfigured => configure(world, fleet, subject, &mut chance),
            6 => look(world, fleet, subject, &mut chance),
            _ => pass_by(world, &mut chance),
        }
        thread::sleep(Duration::from_micros(chance.below(300)));
    }
    if let Some(subject) = disabled {
        enable(&subject);
    }
}

/// Ends a stay in "disabled", whatever else may have ended it already.
fn enable(subject: &Subject) {
    subject.breaker.reset();
    subject.ledger.stay_ends();
}

fn order(world: &World, fleet: &Fleet, subject: &Subject, chance: &mut Chance) {
    add(&world.tally.orders);
    let Subject { breaker, key, .. } = subject;
    let registry = &fleet.registry;
    let long = chance.micros(0, 30_000);
    let by_name = match chance.below(16) {
        0 => registry.open(key),
        1 => registry.open_for(key, long),
        2 => registry.force_open(key),
        3 => registry.close(key),
        4 => registry.metrics_only(key),
        5..=8 => registry.reset(key),
        other => {
            match other {
                9 => breaker.open_because("an order"),
                10 => breaker.open_for_because(if chance.one_in(20) { Duration::MAX } else { long }, "an order"),
                11 => breaker.force_open_because("maintenance"),
                12 => breaker.metrics_only_because("a dry run"),
                13 => breaker.close_because("an order"),
                _ => breaker.reset_because("an order"),
            }
            Ok(())
        }
    };
    if let Err(error) = by_name {
        world.findings.add(format!("an order by name: {error}"));
    }
}

fn configure(world: &World, fleet: &Fleet, subject: &Subject, chance: &mut Chance) {
    let policy = fleet.policy_for(subject, chance);
    let by_name = chance.one_in(2);
    let configured = if by_name {
        fleet.registry.configure(&subject.key, policy).map_err(|error| error.to_string())
    } else {
        subject.breaker.configure(policy).map_err(|error| error.to_string())
    };
    if let Err(error) = configured {
        world.findings.add(format!("a policy was refused: {error}: {policy:?}"));
    }
    add(&world.tally.configured);
    if chance.one_in(10) && subject.breaker.configure(Policy::consecutive_failures(0)).is_ok() {
        world.findings.add("a policy that cannot be meant was taken");
    }
    subject.breaker.set_metadata("configured", chance.below(10).to_string()).expect("it is short");
}

/// What is seen must be possible, and totals never go back.
fn look(world: &World, fleet: &Fleet, subject: &Subject, chance: &mut Chance) {
    let before = subject.breaker.status();
    let after = fleet.registry.status(&subject.key).expect("it is registered");
    if went_back(&before.totals, &after.totals) {
        world.findings.add(format!("totals went back: {:?}, then {:?}", before.totals, after.totals));
    }
    if after.opened_at.is_some() != matches!(after.state, State::Open | State::HalfOpen | State::ForcedOpen) {
        world.findings.add(format!("opened at {:?} in state {}", after.opened_at, after.state));
    }
    if after.retry_after.is_some() && after.state != State::Open {
        world.findings.add(format!("an end of {:?} in state {}", after.retry_after, after.state));
    }
    for rate in [after.window.failure_rate, after.window.slow_call_rate].into_iter().flatten() {
        if !(0.0..=1.0).contains(&rate) {
            world.findings.add(format!("a rate of {rate}: {:?}", after.window));
        }
    }
    if chance.one_in(200) && fleet.registry.list().len() != fleet.subjects.len() {
        world.findings.add(format!("{}: the list does not hold every circuit", fleet.name));
    }
}

fn went_back(before: &Totals, after: &Totals) -> bool {
    let counts = |totals: &Totals| {
        let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = *totals;
        [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
    };
    counts(before).into_iter().zip(counts(after)).any(|(before, after)| after < before)
}

/// The same for the names that come and go.
fn pass_by(world: &World, chance: &mut Chance) {
    let registry = &world.passing.registry;
    let (number, name) = world.passing.any(chance);
    add(&world.tally.orders);
    // Whether it is there is chance.
    let _ = match chance.below(8) {
        0..=2 => {
            world.passing.take_out(number);
            Ok(())
        }
        3 => registry.open(&name.text),
        4 => registry.reset(&name.text),
        5 => registry.close(&name.text),
        6 => registry.configure(&name.text, Policy::consecutive_failures(2)).map_err(|_| ()).or(Ok(())),
        _ => registry.status(&name.text).map(drop),
    };
    if chance.one_in(400) {
        // A circuit that failed, and is not called again, keeps its place for ever; somebody has to
        // see to it.
        registry.list().iter().filter(|status| status.failure_count > 0 || status.state != State::Closed).for_each(
            |status| {
                let _ = registry.reset(&status.key);
            },
        );
    }
    if registry.len() > 1_000 {
        world.findings.add(format!("passing: {} circuits where 1000 have room", registry.len()));
    }
}
