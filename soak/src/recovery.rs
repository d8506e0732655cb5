//! After the load: successful calls must close every circuit, whatever was done to it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, State};

use crate::circuit_set::{Circuit, CircuitSet};
use crate::small_registry::SmallRegistry;
use crate::tracked_call::{Intent, TrackedCall};

/// How many successful calls in a row a closed circuit must admit.
const SUCCESSFUL_CALLS: u32 = 3;
/// On a manual clock: each round lasts longer than any open period that ends.
const ROUND: Duration = Duration::from_secs(3 * 3_600);
const ROUNDS: u32 = 50;
/// On real time.
const LIMIT: Duration = Duration::from_secs(20);

/// Closes all circuits of a set by successful calls. Returns those that did not close, and how many
/// had to be reset.
pub(crate) fn recover(circuit_set: &CircuitSet) -> (Vec<String>, u32) {
    let mut unrecovered: Vec<_> = circuit_set.circuits.iter().collect();
    let (began, mut resets, mut rounds) = (Instant::now(), 0, 0);
    loop {
        unrecovered.retain(|circuit| {
            let successful_call = || {
                let tracked = circuit.track();
                let _ = circuit.breaker.call(|| tracked.run(Intent::Succeed));
                tracked.answered();
            };
            !is_closed_by(&circuit.breaker, successful_call, &mut resets)
        });
        rounds += 1;
        let is_late = if circuit_set.clock.is_some() { rounds > ROUNDS } else { began.elapsed() > LIMIT };
        if unrecovered.is_empty() || is_late {
            break;
        }
        match &circuit_set.clock {
            Some(clock) => clock.advance(ROUND),
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
    let describe = |circuit: &&Arc<Circuit>| unrecovered_text(circuit_set.name, &circuit.breaker);
    (unrecovered.iter().map(describe).collect(), resets)
}

/// The same for the circuits that the small registry holds now.
pub(crate) fn recover_small_registry(small_registry: &SmallRegistry) -> Vec<String> {
    let there = small_registry.names.iter().filter_map(|name| Some((name, small_registry.registry.get(&name.text)?)));
    let mut unrecovered: Vec<_> = there.collect();
    for _ in 0..ROUNDS {
        unrecovered.retain(|(name, breaker)| {
            let successful_call = || {
                let tracked = TrackedCall::new(&name.expected);
                let _ = breaker.call(|| tracked.run(Intent::Succeed));
                tracked.answered();
                small_registry.note_sent(&tracked);
            };
            !is_closed_by(breaker, successful_call, &mut 0)
        });
        small_registry.clock.advance(ROUND);
    }
    unrecovered.iter().map(|(_, breaker)| unrecovered_text("small registry", breaker)).collect()
}

fn unrecovered_text(circuit_set: &str, breaker: &CircuitBreaker) -> String {
    format!("{circuit_set}: wedged: {}; policy: {}", breaker.status(), breaker.policy())
}

/// Calls a circuit as long as it admits calls; returns whether it closes and stays closed.
fn is_closed_by(breaker: &CircuitBreaker, successful_call: impl Fn(), resets: &mut u32) -> bool {
    let status = breaker.status();
    let is_by_hand = matches!(status.state, State::ForcedOpen | State::Disabled | State::MetricsOnly);
    if is_by_hand || (status.state == State::Open && status.retry_after.is_none()) {
        // Only a manual command ends these.
        breaker.reset();
        *resets += 1;
    }
    let mut in_row = 0;
    while breaker.is_available() && in_row < SUCCESSFUL_CALLS {
        // Probes are successful calls too, at most as many as the highest threshold.
        in_row = if breaker.state() == State::Closed { in_row + 1 } else { 0 };
        successful_call();
    }
    in_row == SUCCESSFUL_CALLS && breaker.state() == State::Closed
}
