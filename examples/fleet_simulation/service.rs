//! A service that goes down and comes back cold.

use std::time::Duration;

/// The answer to a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Served,
    /// There are more calls than it can serve.
    Refused,
    /// It is down; nobody answers.
    Silence,
}

/// The service. Calls must come in the order of time.
pub(crate) struct Service {
    /// Calls that it can serve in a second.
    capacity: f64,
    second: Second,
    down_until: Duration,
    pub(crate) crashes: u32,
}

/// The calls of the current second.
#[derive(Default)]
struct Second {
    number: u64,
    asked: f64,
    served: f64,
}

/// Twice the load of the fleet in normal operation.
const WARM: f64 = 10_000.0;
/// Capacity after a start, with empty caches and few connections.
const COLD: f64 = 1_400.0;
/// How much capacity each served call adds.
const WARMING: f64 = 0.1;
/// The factor by which the load exceeds its capacity when it crashes.
const TOO_MUCH: f64 = 2.0;
/// How long it then takes to restart.
const RESTART: Duration = Duration::from_secs(5);

impl Service {
    pub(crate) fn new() -> Self {
        Self { capacity: WARM, second: Second::default(), down_until: Duration::ZERO, crashes: 0 }
    }

    /// An outage: it is down until then, and comes back cold.
    pub(crate) fn go_down(&mut self, until: Duration) {
        self.down_until = until;
        self.capacity = COLD;
        self.second.served = 0.0;
    }

    pub(crate) fn ask(&mut self, now: Duration) -> Answer {
        if now.as_secs() != self.second.number {
            self.end_second(now);
        }
        if now < self.down_until {
            return Answer::Silence;
        }
        self.second.asked += 1.0;
        if self.second.asked > self.capacity * TOO_MUCH {
            self.crashes += 1;
            self.go_down(now + RESTART);
            return Answer::Silence;
        }
        if self.second.asked > self.capacity {
            return Answer::Refused;
        }
        self.second.served += 1.0;
        Answer::Served
    }

    /// Calls that it can serve in this second.
    pub(crate) fn capacity(&self, now: Duration) -> u32 {
        // At most 10,000, the capacity of a warm service.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        let capacity = self.capacity as u32;
        if now < self.down_until { 0 } else { capacity }
    }

    fn end_second(&mut self, now: Duration) {
        let before = std::mem::take(&mut self.second);
        self.second.number = now.as_secs();
        self.capacity = (self.capacity + before.served * WARMING).min(WARM);
    }
}
