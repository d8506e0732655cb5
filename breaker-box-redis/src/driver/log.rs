//! What is logged: one line for each change. Never a URL, a user, a password or a reason.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "nothing is logged without the feature"))]

use std::collections::HashMap;
use std::time::Duration;

use super::circuits::Circuits;
use super::problem::Problem;
use crate::link::{Note, Time};
use crate::protocol::Name;

/// How long a circuit's foreign data are not mentioned again.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many circuits with foreign data are remembered.
const MOST: usize = 1_000;

/// Writes a line at a level. The target is that of all crates of breaker-box.
macro_rules! line {
    ($level:ident, $($fields_and_text:tt)+) => {
        #[cfg(feature = "tracing")]
        quietly(|| tracing::$level!(target: "breaker_box", $($fields_and_text)+));
    };
}

/// Contains the panics of a log subscriber.
#[cfg(feature = "tracing")]
fn quietly(write: impl FnOnce()) {
    // Nowhere is left to report it.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(write));
}

/// A circuit as the core's own lines have it, or its name in the store if its key is not known
/// here.
#[cfg(feature = "tracing")]
fn shown(name: &Name, circuits: &Circuits) -> String {
    circuits.key(name).map_or_else(|| name.0.to_string(), |key| key.to_string())
}

pub(super) fn connected(fleet: &str, instance: &str) {
    line!(info, fleet, instance, "connected to the fleet");
}

/// Once until there is a connection again.
pub(super) fn disconnected(fleet: &str, instance: &str, problem: &Problem, was_connected: bool) {
    if was_connected {
        line!(
            warn, fleet, instance, why = %problem,
            "the connection to the fleet is lost; circuits follow local rules"
        );
    } else {
        line!(warn, fleet, instance, why = %problem, "no connection to the fleet; circuits follow local rules");
    }
}

pub(super) fn refused(fleet: &str, instance: &str, problem: &Problem) {
    line!(warn, fleet, instance, why = %problem, "the fleet's store refuses requests");
}

pub(super) fn panicked() {
    line!(error, "the fleet's thread panicked; circuits follow local rules from now on");
}

/// Remembers what need not be logged again.
#[derive(Default)]
pub(super) struct Notes {
    foreign: HashMap<Name, Time>,
    unreadable: Option<Time>,
    misplaced: Option<Time>,
}

impl Notes {
    pub(super) fn write(&mut self, note: &Note, circuits: &Circuits, now: Time) {
        match note {
            Note::Adopted { name, state, instance, cause } => {
                line!(
                    debug, circuit = %shown(name, circuits), state = %state.as_str(), instance = %instance, cause = %cause,
                    "adopted from the fleet"
                );
            }
            Note::Published { name, state } => {
                line!(debug, circuit = %shown(name, circuits), state = %state.as_str(), "published to the fleet");
            }
            Note::OrderLost { name, state, instance } => {
                line!(
                    warn, circuit = %shown(name, circuits), state = %state.as_str(), instance = %instance,
                    "a manual order is void, because a later one was given elsewhere"
                );
            }
            Note::Foreign { name } => {
                if self.is_news(name, now) {
                    line!(
                        warn, circuit = %shown(name, circuits),
                        "the store has other data under the circuit's key; the circuit is not shared"
                    );
                }
            }
            Note::SelfDoubt { open, active } => {
                line!(
                    warn,
                    open,
                    active,
                    "most circuits are open, so this instance may be the cause; its circuits do not open elsewhere"
                );
            }
            Note::Confident => {
                line!(info, "most circuits are closed; this instance votes again");
            }
            Note::DataLost { shard } => {
                line!(warn, shard, "the store has lost data; what this instance holds is written again");
            }
        }
    }

    /// A message that is not one of this version.
    pub(super) fn unreadable(&mut self, now: Time) {
        if self.unreadable.is_none_or(|last| now.since(last) >= HOUR) {
            self.unreadable = Some(now);
            line!(warn, "a message on the fleet's channel cannot be read");
        }
    }

    /// A circuit in a shard that is not its own.
    pub(super) fn misplaced(&mut self, now: Time) {
        if self.misplaced.is_none_or(|last| now.since(last) >= HOUR) {
            self.misplaced = Some(now);
            line!(warn, "another instance of the fleet has another number of shards; its circuits are not shared");
        }
    }

    fn is_news(&mut self, name: &Name, now: Time) -> bool {
        if self.foreign.len() >= MOST {
            self.foreign.retain(|_, last| now.since(*last) < HOUR);
        }
        match self.foreign.get(name) {
            Some(last) if now.since(*last) < HOUR => false,
            None if self.foreign.len() >= MOST => false,
            _ => {
                self.foreign.insert(name.clone(), now);
                true
            }
        }
    }
}
