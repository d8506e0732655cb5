//! After the storm: every circuit can be brought back to closed by good calls, whatever was done to
//! it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, State};

use crate::fleet::{Fleet, Subject};
use crate::passing::Passing;
use crate::visit::{Intent, Visit};

/// Good calls in a row that a closed circuit must take.
const GOOD_CALLS: u32 = 3;
/// On a clock that is moved by hand: each round lasts longer than any open period but those without
/// end.
const ROUND: Duration = Duration::from_secs(3 * 3_600);
const ROUNDS: u32 = 50;
/// On real time.
const LIMIT: Duration = Duration::from_secs(20);

/// Brings all circuits of a fleet back; those that do not come, and by how many orders the others
/// were helped.
pub(crate) fn recover(fleet: &Fleet) -> (Vec<String>, u32) {
    let mut sick: Vec<_> = fleet.subjects.iter().collect();
    let (began, mut orders, mut rounds) = (Instant::now(), 0, 0);
    loop {
        sick.retain(|subject| {
            let good_call = || {
                let visit = subject.visit();
                let _ = subject.breaker.call(|| visit.run(Intent::Succeed));
                visit.answered();
            };
            !is_closed_by(&subject.breaker, good_call, &mut orders)
        });
        rounds += 1;
        let is_late = if fleet.clock.is_some() { rounds > ROUNDS } else { began.elapsed() > LIMIT };
        if sick.is_empty() || is_late {
            break;
        }
        match &fleet.clock {
            Some(clock) => clock.advance(ROUND),
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
    let describe = |subject: &&Arc<Subject>| wedged(fleet.name, &subject.breaker);
    (sick.iter().map(describe).collect(), orders)
}

/// The same for the names that are there now.
pub(crate) fn recover_passing(passing: &Passing) -> Vec<String> {
    let there = passing.names.iter().filter_map(|name| Some((name, passing.registry.get(&name.text)?)));
    let mut sick: Vec<_> = there.collect();
    for _ in 0..ROUNDS {
        sick.retain(|(name, breaker)| {
            let good_call = || {
                let visit = Visit::new(&name.ledger);
                let _ = breaker.call(|| visit.run(Intent::Succeed));
                visit.answered();
                passing.note_sent(&visit);
            };
            !is_closed_by(breaker, good_call, &mut 0)
        });
        passing.clock.advance(ROUND);
    }
    sick.iter().map(|(_, breaker)| wedged("passing", breaker)).collect()
}

fn wedged(fleet: &str, breaker: &CircuitBreaker) -> String {
    format!("{fleet}: wedged: {}; policy: {}", breaker.status(), breaker.policy())
}

/// Calls a circuit as long as it lets calls through; whether it is closed then, and stays so.
fn is_closed_by(breaker: &CircuitBreaker, good_call: impl Fn(), orders: &mut u32) -> bool {
    let status = breaker.status();
    let is_by_hand = matches!(status.state, State::ForcedOpen | State::Disabled | State::MetricsOnly);
    if is_by_hand || (status.state == State::Open && status.retry_after.is_none()) {
        // These end by hand, or never: who opens without end is the one to close.
        breaker.reset();
        *orders += 1;
    }
    let mut in_row = 0;
    while breaker.is_available() && in_row < GOOD_CALLS {
        // Probes are good calls too, and there are at most as many as the highest threshold.
        in_row = if breaker.state() == State::Closed { in_row + 1 } else { 0 };
        good_call();
    }
    in_row == GOOD_CALLS && breaker.state() == State::Closed
}
