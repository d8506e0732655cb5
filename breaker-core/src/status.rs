//! A circuit at one moment, for dashboards and logs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::clock::tick::readable;
use crate::key::{Escaped, Key};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;

/// A full snapshot of a circuit.
///
/// With the feature `serde`, a status is a map of its fields, in which instants are RFC 3339 and
/// `retry_after` is a number of seconds.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CircuitBreaker, Policy, State};
///
/// let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(3))?;
/// breaker.record_failure("timed out");
/// let status = breaker.status();
/// assert_eq!((status.state, status.failure_count, status.totals.failures), (State::Closed, 1, 1));
/// assert_eq!(status.last_failure.unwrap().reason.as_deref(), Some("timed out"));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The circuit.
    pub key: Key,
    /// Its state as a call would find it: an expired open circuit reads as half-open.
    pub state: State,
    /// The failures that count towards opening: in a row where the policy has that condition, else
    /// in its window (at most the n of [`Policy::failures_within`] where they are kept one by one).
    pub failure_count: u32,
    /// What lies in the window of the policy's rates.
    pub window: WindowStatus,
    /// Everything since the circuit was made.
    pub totals: Totals,
    /// k: openings in a row without recovery.
    pub openings: u32,
    /// When it opened, while it is open or half-open.
    pub opened_at: Option<SystemTime>,
    /// How long until the first probe; `None` while it is not open, or open without end.
    pub retry_after: Option<Duration>,
    /// The last failure since the last reset.
    pub last_failure: Option<LastFailure>,
    /// Free-form strings; see
    /// [`CircuitBreaker::set_metadata`](crate::CircuitBreaker::set_metadata).
    pub metadata: BTreeMap<String, String>,
    /// Its policy.
    pub policy: Policy,
}

/// What lies in the window of the policy's rates; all zero where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WindowStatus {
    /// Calls that were counted.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that were slow.
    pub slow: u64,
    /// Failures ÷ calls; `None` on fewer calls than the policy's minimum.
    pub failure_rate: Option<f64>,
    /// Slow calls ÷ calls; `None` on fewer calls than the policy's minimum.
    pub slow_call_rate: Option<f64>,
}

/// Exact totals since the circuit was made; they never go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed, panics among them, and cancelled ones where they count as failures.
    pub failures: u64,
    /// Calls whose result says nothing.
    pub ignored: u64,
    /// Calls that were not let through.
    pub rejected: u64,
    /// Calls that took too long, each also a success or a failure.
    pub slow: u64,
    /// Calls dropped before they had a result.
    pub cancelled: u64,
    /// Calls that panicked, each also a failure.
    pub panicked: u64,
    /// Calls that came back after the circuit had changed its state, and probes that came back
    /// after their time; counted nowhere else.
    pub late: u64,
    /// How often it opened: each change from a state that lets calls through to one that rejects
    /// them.
    pub opened: u64,
}

/// The last failure of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastFailure {
    /// When, to a few milliseconds.
    pub at: SystemTime,
    /// Why, if known.
    pub reason: Option<Reason>,
}

impl fmt::Display for Status {
    /// One line, control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { successes, failures, rejected, .. } = self.totals;
        write!(f, "{}: {}", self.key, self.state)?;
        if let Some(wait) = self.retry_after {
            write!(f, " for another {:?}", readable(wait))?;
        }
        match self.failure_count {
            0 => f.write_str("; no counted failures")?,
            1 => f.write_str("; 1 counted failure")?,
            n => write!(f, "; {n} counted failures")?,
        }
        for (rate, what) in [(self.window.failure_rate, "failing"), (self.window.slow_call_rate, "slow")] {
            if let Some(rate) = rate {
                write!(f, ", {:.1} % of {} {what}", rate * 100.0, self.window.calls)?;
            }
        }
        write!(f, "; in all {successes} succeeded, {failures} failed, {rejected} rejected")?;
        if let Some(reason) = self.last_failure.as_ref().and_then(|failure| failure.reason.as_ref()) {
            write!(f, "; last failure: {}", Escaped(reason))?;
        }
        Ok(())
    }
}
