//! Snapshots of circuits.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::time::{Instant, Seconds};
use crate::key::Key;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;
use crate::status::{InFlight, LastFailure, Status, Totals, WindowStatus};

impl Serialize for Status {
    /// A map of the fields. Instants are RFC 3339 strings (`"2026-01-31T23:59:59.123Z"`);
    /// `retry_after` and `ramp_up_left` are in seconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, {
            "key": self.key,
            "state": self.state,
            "failure_count": self.failure_count,
            "window": self.window,
            "totals": self.totals,
            "in_flight": self.in_flight,
            "openings": self.openings,
            "opened_at": self.opened_at.map(Instant),
            "retry_after": self.retry_after.map(Seconds),
            "admitted_share": self.admitted_share,
            "ramp_up_left": self.ramp_up_left.map(Seconds),
            "last_failure": self.last_failure,
            "metadata": self.metadata,
            "policy": self.policy,
        })
    }
}

impl<'de> Deserialize<'de> for Status {
    /// Reads a map of the fields. `key`, `state` and `policy` are required.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the status of a circuit", {
            "key" => key: Key,
            "state" => state: State,
            "failure_count" => failure_count: u32,
            "window" => window: WindowStatus,
            "totals" => totals: Totals,
            "in_flight" => in_flight: Option<InFlight>,
            "openings" => openings: u32,
            "opened_at" => opened_at: Option<Instant>,
            "retry_after" => retry_after: Option<Seconds>,
            "admitted_share" => admitted_share: Option<f64>,
            "ramp_up_left" => ramp_up_left: Option<Seconds>,
            "last_failure" => last_failure: Option<LastFailure>,
            "metadata" => metadata: BTreeMap<String, String>,
            "policy" => policy: Policy,
        })?;
        Ok(Self {
            key: required!(fields.key, "key"),
            state: required!(fields.state, "state"),
            failure_count: fields.failure_count.unwrap_or_default(),
            window: fields.window.unwrap_or_default(),
            totals: fields.totals.unwrap_or_default(),
            in_flight: fields.in_flight.flatten(),
            openings: fields.openings.unwrap_or_default(),
            opened_at: fields.opened_at.flatten().map(|Instant(at)| at),
            retry_after: fields.retry_after.flatten().map(|Seconds(wait)| wait),
            admitted_share: fields.admitted_share.flatten().map(share).transpose()?,
            ramp_up_left: fields.ramp_up_left.flatten().map(|Seconds(left)| left),
            last_failure: fields.last_failure.flatten(),
            metadata: fields.metadata.unwrap_or_default(),
            policy: required!(fields.policy, "policy"),
        })
    }
}

impl Serialize for InFlight {
    /// A map of the fields.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, { "calls": self.calls, "hung": self.hung })
    }
}

impl<'de> Deserialize<'de> for InFlight {
    /// Reads a map of the fields; a missing count is zero.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the calls in flight of a circuit", {
            "calls" => calls: u64,
            "hung" => hung: u64,
        })?;
        Ok(Self { calls: fields.calls.unwrap_or_default(), hung: fields.hung.unwrap_or_default() })
    }
}

/// The exact share before serialization: a multiple of 2⁻³², of which parsers of numbers may get
/// the last digit wrong.
fn share<E: serde::de::Error>(share: f64) -> Result<f64, E> {
    let unit = f64::from(2).powi(-32);
    if share > 0.0 && share <= 1.0 {
        Ok((share / unit).round().max(1.0) * unit)
    } else {
        Err(E::custom("the admitted share must be above 0 and at most 1"))
    }
}

impl Serialize for Totals {
    /// A map of the fields.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, {
            "successes": self.successes,
            "failures": self.failures,
            "ignored": self.ignored,
            "rejected": self.rejected,
            "slow": self.slow,
            "cancelled": self.cancelled,
            "panicked": self.panicked,
            "late": self.late,
            "opened": self.opened,
        })
    }
}

impl<'de> Deserialize<'de> for Totals {
    /// Reads a map of the fields; a missing count is zero.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the totals of a circuit", {
            "successes" => successes: u64,
            "failures" => failures: u64,
            "ignored" => ignored: u64,
            "rejected" => rejected: u64,
            "slow" => slow: u64,
            "cancelled" => cancelled: u64,
            "panicked" => panicked: u64,
            "late" => late: u64,
            "opened" => opened: u64,
        })?;
        Ok(Self {
            successes: fields.successes.unwrap_or_default(),
            failures: fields.failures.unwrap_or_default(),
            ignored: fields.ignored.unwrap_or_default(),
            rejected: fields.rejected.unwrap_or_default(),
            slow: fields.slow.unwrap_or_default(),
            cancelled: fields.cancelled.unwrap_or_default(),
            panicked: fields.panicked.unwrap_or_default(),
            late: fields.late.unwrap_or_default(),
            opened: fields.opened.unwrap_or_default(),
        })
    }
}

impl Serialize for WindowStatus {
    /// A map of the fields; an unknown rate is null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, {
            "calls": self.calls,
            "failures": self.failures,
            "slow": self.slow,
            "failure_rate": self.failure_rate,
            "slow_call_rate": self.slow_call_rate,
        })
    }
}

impl<'de> Deserialize<'de> for WindowStatus {
    /// Reads a map of the fields; a missing count is zero. A rate must be between 0 and 1.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the window of a circuit", {
            "calls" => calls: u64,
            "failures" => failures: u64,
            "slow" => slow: u64,
            "failure_rate" => failure_rate: Option<f64>,
            "slow_call_rate" => slow_call_rate: Option<f64>,
        })?;
        let [calls, failures, slow] = [fields.calls, fields.failures, fields.slow].map(Option::unwrap_or_default);
        let exact = |rate: Option<f64>, count| match rate {
            Some(rate) if (0.0..=1.0).contains(&rate) => Ok(Some(last_digit(rate, count, calls))),
            Some(_) => Err(D::Error::custom("a rate must be between 0 and 1")),
            None => Ok(None),
        };
        Ok(Self {
            calls,
            failures,
            slow,
            failure_rate: exact(fields.failure_rate.flatten(), failures)?,
            slow_call_rate: exact(fields.slow_call_rate.flatten(), slow)?,
        })
    }
}

/// The exact rate before serialization. Parsers of numbers, such as `serde_json`'s, may get the
/// last digit wrong; the quotient has it.
#[allow(clippy::cast_precision_loss, reason = "rates are computed that way")]
fn last_digit(rate: f64, count: u64, calls: u64) -> f64 {
    let quotient = count as f64 / calls as f64;
    if (quotient - rate).abs() < 1e-12 { quotient } else { rate }
}

impl Serialize for LastFailure {
    /// A map of `at` (RFC 3339) and `reason`, which may be null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, { "at": Instant(self.at), "reason": self.reason })
    }
}

impl<'de> Deserialize<'de> for LastFailure {
    /// Reads a map of `at` (RFC 3339) and `reason`, which may be missing.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the last failure of a circuit", {
            "at" => at: Instant,
            "reason" => reason: Option<Reason>,
        })?;
        let Instant(at) = required!(fields.at, "at");
        Ok(Self { at, reason: fields.reason.flatten() })
    }
}
