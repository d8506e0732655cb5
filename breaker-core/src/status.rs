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
/// With the feature `serde`, a status is a map of its fields. Instants are RFC 3339 strings, and
/// `retry_after` and `ramp_up_left` are numbers of seconds.
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
    /// The circuit's key.
    pub key: Key,
    /// The state that a call would find. An open circuit whose open period is over reads as
    /// half-open.
    pub state: State,
    /// The failures that count towards opening: the failures in a row if the policy has that
    /// condition, otherwise those in its window. In the window of [`Policy::failures_within`] it is
    /// at most that condition's `n`, if failures are timed exactly.
    pub failure_count: u32,
    /// The counts in the window that the rates are computed over.
    pub window: WindowStatus,
    /// The totals since the circuit was created.
    pub totals: Totals,
    /// The calls in flight, and the hung ones among them; `None` if the policy has no
    /// [`hung_calls`](Policy::hung_calls), or the circuit is disabled: then they are not known.
    pub in_flight: Option<InFlight>,
    /// The number of openings in a row without recovery. The open period grows with it; see
    /// [`Policy::progressive_expiry`].
    pub openings: u32,
    /// When the circuit opened; `None` unless it is open or half-open.
    pub opened_at: Option<SystemTime>,
    /// How long until the first probe is admitted; `None` if the circuit is not open, or is open
    /// without end.
    pub retry_after: Option<Duration>,
    /// The share of the calls that is admitted now, above 0 and at most 1; `None` unless the circuit
    /// [ramps up](Policy::ramp_up).
    pub admitted_share: Option<f64>,
    /// How long until all calls are admitted and the circuit is closed; `None` unless the circuit
    /// ramps up, or if it does so without end.
    pub ramp_up_left: Option<Duration>,
    /// The last failure since the last reset.
    pub last_failure: Option<LastFailure>,
    /// The circuit's metadata; see
    /// [`CircuitBreaker::set_metadata`](crate::CircuitBreaker::set_metadata).
    pub metadata: BTreeMap<String, String>,
    /// The circuit's policy.
    pub policy: Policy,
}

/// The counts in the window that the rates are computed over; all zero if the policy has no rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WindowStatus {
    /// The calls in the window.
    pub calls: u64,
    /// The failed calls in the window.
    pub failures: u64,
    /// The slow calls in the window.
    pub slow: u64,
    /// The failure rate, failures ÷ calls, from 0 to 1; `None` if the window holds fewer calls than
    /// the policy's minimum.
    pub failure_rate: Option<f64>,
    /// The slow-call rate, slow calls ÷ calls, from 0 to 1; `None` if the window holds fewer calls
    /// than the policy's minimum.
    pub slow_call_rate: Option<f64>,
}

/// The calls in flight that were admitted since the circuit entered its state. After an opening
/// there are none, although earlier calls may still be running.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{CircuitBreaker, ManualClock, Policy};
///
/// let clock = ManualClock::new();
/// let policy = Policy::new().or_hung_calls(10, Duration::from_secs(30));
/// let breaker = CircuitBreaker::with_clock("search", policy, clock.clone())?;
/// let hung = breaker.try_acquire()?;
/// clock.advance(Duration::from_secs(30));
/// let just_begun = breaker.try_acquire()?;
/// let in_flight = breaker.status().in_flight.unwrap();
/// assert_eq!((in_flight.calls, in_flight.hung), (2, 1));
/// # drop((hung, just_begun));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFlight {
    /// The calls in flight, including hung ones.
    pub calls: u64,
    /// The calls that have been in flight for as long as [`Policy::hung_calls`] says.
    pub hung: u64,
}

/// Exact totals since the circuit was created. They never decrease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed, including panics, and cancelled calls if the policy counts them as
    /// failures.
    pub failures: u64,
    /// Calls whose result was ignored.
    pub ignored: u64,
    /// Calls that were rejected.
    pub rejected: u64,
    /// Calls that were slow. Each is also a success or a failure.
    pub slow: u64,
    /// Calls that were dropped before they had a result.
    pub cancelled: u64,
    /// Calls that panicked. Each is also a failure.
    pub panicked: u64,
    /// Calls that finished after the circuit had changed its state, and probes that finished after
    /// their timeout. They are counted nowhere else.
    pub late: u64,
    /// How often the circuit opened, that is, changed from a state that lets calls through to one
    /// that rejects them.
    pub opened: u64,
}

/// The last failure of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastFailure {
    /// When it failed, accurate to a few milliseconds.
    pub at: SystemTime,
    /// The reason, if known.
    pub reason: Option<Reason>,
}

impl fmt::Display for Status {
    /// Writes one line, with control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { successes, failures, rejected, .. } = self.totals;
        write!(f, "{}: {}", self.key, self.state)?;
        if let Some(wait) = self.retry_after.or(self.ramp_up_left) {
            write!(f, " for another {:?}", readable(wait))?;
        }
        if let Some(share) = self.admitted_share {
            write!(f, ", {:.1} % of calls admitted", share * 100.0)?;
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
        if let Some(InFlight { calls, hung }) = self.in_flight.filter(|in_flight| in_flight.hung > 0) {
            write!(f, ", {hung} of {calls} calls in flight are hung")?;
        }
        write!(f, "; in all {successes} succeeded, {failures} failed, {rejected} rejected")?;
        if let Some(reason) = self.last_failure.as_ref().and_then(|failure| failure.reason.as_ref()) {
            write!(f, "; last failure: {}", Escaped(reason))?;
        }
        Ok(())
    }
}
