//! What the log says of orders: who gave which, and which were refused. Never a token, never a
//! ticket.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::order::Placed;

/// Refused orders that are logged in each [`PERIOD`]; anybody can send more, and nobody reads them.
const LOGGED: u64 = 20;

const PERIOD: Duration = Duration::from_secs(60);

/// The target of every line: below that of the circuits, so that one directive finds both.
#[cfg(feature = "tracing")]
const TARGET: &str = "breaker_box::panel";

/// Writes the log, and keeps it short.
#[derive(Debug)]
pub(crate) struct Audit(Mutex<Refused>);

#[derive(Debug)]
struct Refused {
    since: Instant,
    count: u64,
}

impl Audit {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Refused { since: Instant::now(), count: 0 }))
    }

    #[expect(clippy::unused_self, reason = "beside `refused`")]
    pub(crate) fn placed(&self, placed: &Placed) {
        log_placed(placed);
    }

    pub(crate) fn refused(&self, why: &str) {
        let (is_logged, left_out) = self.count(Instant::now());
        if left_out > 0 {
            log_left_out(left_out);
        }
        if is_logged {
            log_refused(why);
        }
    }

    /// Whether another refusal is logged, and how many were not in the period that it ends.
    fn count(&self, now: Instant) -> (bool, u64) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left_out = 0;
        if now.saturating_duration_since(refused.since) >= PERIOD {
            left_out = refused.count.saturating_sub(LOGGED);
            *refused = Refused { since: now, count: 0 };
        }
        refused.count += 1;
        (refused.count <= LOGGED, left_out)
    }
}

#[cfg(feature = "tracing")]
fn log_placed(placed: &Placed) {
    let Placed { key, action, reason, .. } = placed;
    tracing::info!(target: TARGET, circuit = %key, action = ?action, reason = %reason.escape_debug(), "order carried out");
}

#[cfg(feature = "tracing")]
fn log_refused(why: &str) {
    tracing::warn!(target: TARGET, why, "order refused");
}

#[cfg(feature = "tracing")]
fn log_left_out(count: u64) {
    tracing::warn!(target: TARGET, count, "more orders were refused than are logged");
}

#[cfg(not(feature = "tracing"))]
const fn log_placed(_placed: &Placed) {}

#[cfg(not(feature = "tracing"))]
const fn log_refused(_why: &str) {}

#[cfg(not(feature = "tracing"))]
const fn log_left_out(_count: u64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_orders_without_end_does_not_fill_the_log() {
        let (audit, now) = (Audit::new(), Instant::now());
        let logged = (0..1_000).filter(|_| audit.count(now).0).count();
        assert_eq!(u64::try_from(logged), Ok(LOGGED));
        assert_eq!(audit.count(now + PERIOD * 2), (true, 1_000 - LOGGED));
        assert_eq!(audit.count(now + PERIOD * 2), (true, 0));
    }
}
