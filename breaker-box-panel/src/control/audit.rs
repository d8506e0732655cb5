//! The log of commands: who sent which, and which were refused. It never holds a token or a nonce.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::control::command::AppliedCommand;

/// Refused commands that are logged in each [`PERIOD`]. Anybody can send more, so the rest is only
/// counted.
const MAX_LOGGED: u64 = 20;

const PERIOD: Duration = Duration::from_secs(60);

/// The target of all lines. It lies below that of the circuits, so one directive selects both.
#[cfg(feature = "tracing")]
const TARGET: &str = "breaker_box::panel";

/// Logs commands, at a limited rate where they were refused.
#[derive(Debug)]
pub(crate) struct Audit(Mutex<Refused>);

/// Commands refused in the current period.
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
    pub(crate) fn applied(&self, command: &AppliedCommand) {
        log_applied(command);
    }

    pub(crate) fn refused(&self, error: &str) {
        let (is_logged, omitted) = self.count(Instant::now());
        if omitted > 0 {
            log_omitted(omitted);
        }
        if is_logged {
            log_refused(error);
        }
    }

    /// Counts a refused command: whether to log it, and how many were omitted from the log in the
    /// period that it ends.
    fn count(&self, now: Instant) -> (bool, u64) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut omitted = 0;
        if now.saturating_duration_since(refused.since) >= PERIOD {
            omitted = refused.count.saturating_sub(MAX_LOGGED);
            *refused = Refused { since: now, count: 0 };
        }
        refused.count += 1;
        (refused.count <= MAX_LOGGED, omitted)
    }
}

#[cfg(feature = "tracing")]
fn log_applied(command: &AppliedCommand) {
    let AppliedCommand { key, order, reason, .. } = command;
    let (action, only_here, reason) = (order.action.as_str(), order.only_here, reason.escape_debug());
    // Without a fleet there is no other place, and nothing to say about it.
    let only_here = only_here.then_some(true);
    tracing::info!(target: TARGET, circuit = %key, action, only_here, reason = %reason, "command applied");
}

#[cfg(feature = "tracing")]
fn log_refused(error: &str) {
    tracing::warn!(target: TARGET, error, "command refused");
}

#[cfg(feature = "tracing")]
fn log_omitted(count: u64) {
    tracing::warn!(target: TARGET, count, "more commands were refused than are logged");
}

#[cfg(not(feature = "tracing"))]
const fn log_applied(_command: &AppliedCommand) {}

#[cfg(not(feature = "tracing"))]
const fn log_refused(_error: &str) {}

#[cfg(not(feature = "tracing"))]
const fn log_omitted(_count: u64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refused_commands_does_not_fill_the_log() {
        let (audit, now) = (Audit::new(), Instant::now());
        let logged = (0..1_000).filter(|_| audit.count(now).0).count();
        assert_eq!(u64::try_from(logged), Ok(MAX_LOGGED));
        assert_eq!(audit.count(now + PERIOD * 2), (true, 1_000 - MAX_LOGGED));
        assert_eq!(audit.count(now + PERIOD * 2), (true, 0));
    }
}
