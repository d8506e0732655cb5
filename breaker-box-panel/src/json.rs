//! The values that the documents for scripts are made of, as `schema.json` describes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use breaker_core::Status;
use serde_json::{Value, json};

use crate::control::command::Order;
use crate::fleet::Fleet;
use crate::history::{PERIODS, Ring, period};
use crate::record::{Onset, Record};
use crate::timeline::{Entry, EntryKind, RecordedCause};

/// The status of a circuit, with what the panel knows beyond it.
pub(crate) fn circuit(record: &Record) -> Value {
    let mut value = status(&record.status);
    value["probing"] = record.probing.into();
    value["shared"] = record.shared.into();
    value["since"] = instant_or_null(record.onset.at);
    value["cause"] = record.onset.cause.as_ref().map(cause).into();
    value["outage"] = record.outage.as_ref().map(outage).into();
    value
}

/// A status as the core writes it, but with the policy in words and instants in milliseconds.
pub(crate) fn status(status: &Status) -> Value {
    let failure = status.last_failure.as_ref();
    json!({
        "key": status.key,
        "state": status.state,
        "failure_count": status.failure_count,
        "window": status.window,
        "totals": status.totals,
        "openings": status.openings,
        "opened_at": instant_or_null(status.opened_at),
        "retry_after": status.retry_after.map(|wait| wait.as_secs_f64()),
        "admitted_share": status.admitted_share,
        "ramp_up_left": status.ramp_up_left.map(|left| left.as_secs_f64()),
        "in_flight": status.in_flight,
        "last_failure": failure.map(|failure| json!({ "at": instant(failure.at), "reason": failure.reason })),
        "metadata": status.metadata,
        "policy": status.policy.to_string(),
    })
}

/// An entry of the timeline.
pub(crate) fn entry(entry: &Entry) -> Value {
    let mut value = json!({ "number": entry.number, "at": instant(entry.at), "key": entry.key });
    match &entry.kind {
        EntryKind::StateChanged { from, to, cause: why, order } => {
            value["type"] = "state_changed".into();
            value["from"] = json!(from);
            value["to"] = json!(to);
            value["cause"] = cause(why);
            if let Some(order) = order {
                insert_order(&mut value, *order);
            }
        }
        EntryKind::WouldOpen { cause: why } => {
            value["type"] = "would_open".into();
            value["cause"] = cause(why);
        }
        EntryKind::Configured => value["type"] = "configured".into(),
        EntryKind::Unregistered => value["type"] = "unregistered".into(),
        EntryKind::CommandApplied { order, cause: why } => {
            value["type"] = "command_applied".into();
            insert_order(&mut value, *order);
            value["cause"] = cause(why);
        }
    }
    value
}

fn insert_order(entry: &mut Value, order: Order) {
    entry["action"] = json!(order.action);
    if order.only_here {
        entry["only_here"] = true.into();
    }
}

fn cause(cause: &RecordedCause) -> Value {
    let mut value = json!({ "cause": cause.name, "reason": cause.reason.as_deref() });
    if let Some(origin) = &cause.origin {
        value["origin"] = json!({ "instance": origin.instance, "cause": origin.cause });
    }
    value
}

/// The fleet that the registry has joined; null if it has joined none.
pub(crate) fn fleet(fleet: Option<&Fleet>) -> Value {
    let Some(Fleet { status, since }) = fleet else { return Value::Null };
    json!({
        "connected": status.connected,
        "since": instant_or_null(*since),
        "instance": status.instance,
        "instances": status.instances,
        "shared_circuits": status.shared_circuits,
        "pending": status.pending,
        "adopted": status.adopted,
        "published": status.published,
        "errors": status.errors,
        "last_error": status.last_error,
    })
}

fn outage(onset: &Onset) -> Value {
    json!({ "since": instant_or_null(onset.at), "cause": onset.cause.as_ref().map(cause) })
}

/// The last periods of a history.
pub(crate) fn history(ring: &Ring, elapsed: Duration, length: Duration) -> Value {
    let newest = period(elapsed, length);
    let points = ring.until(newest).map(|(period, point)| {
        json!({
            "ago": newest.saturating_sub(period),
            "successes": point.successes,
            "failures": point.failures,
            "rejected": point.rejected,
            "slow": point.slow,
            "state": point.state,
        })
    });
    let points: Vec<_> = points.collect();
    json!({ "period_seconds": length.as_secs(), "periods": PERIODS, "points": points })
}

fn instant_or_null(at: Option<SystemTime>) -> Value {
    at.map_or(Value::Null, instant)
}

/// `2026-01-31T23:59:59.123Z`, or null for a time outside the years 1970 to 9999, which RFC 3339
/// cannot express.
pub(crate) fn instant(at: SystemTime) -> Value {
    let in_range = at.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() < 253_402_300_800);
    if in_range { humantime::format_rfc3339_millis(at).to_string().into() } else { Value::Null }
}
