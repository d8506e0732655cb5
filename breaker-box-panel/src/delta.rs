//! What the feed sends about circuits: all fields of a circuit at first, then what changed.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use breaker_core::{LastFailure, Status, Totals};
use serde_json::{Map, Value, json};

use crate::history::{FINE, period};
use crate::json;
use crate::payload::{Payload, PayloadWriter};
use crate::record::{LastSent, Onset, Record, is_close, totals_list};
use crate::timeline::Entry;

/// What changed since the last delta.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) at: SystemTime,
    period: u32,
    /// Circuits in the registry.
    pub(crate) total: usize,
    /// For each circuit that changed: its id and the fields that changed.
    circuits: Vec<Value>,
    /// For each circuit that was called: its id and by how much each of its totals grew, without
    /// trailing zeros.
    increments: Vec<Value>,
    /// The ids of circuits that are gone.
    pub(crate) removed: Vec<u32>,
    pub(crate) entries: Vec<Arc<Entry>>,
    /// The fleet, if anything about it changed.
    pub(crate) fleet: Option<Value>,
}

impl Delta {
    pub(crate) fn new(at: SystemTime, elapsed: Duration) -> Self {
        Self {
            at,
            period: period(elapsed, FINE),
            total: 0,
            circuits: Vec::new(),
            increments: Vec::new(),
            removed: Vec::new(),
            entries: Vec::new(),
            fleet: None,
        }
    }

    /// Adds the changed fields of a circuit, and the growth of its totals.
    pub(crate) fn add(&mut self, record: &mut Record, increments: &Totals) {
        let fields = take_changes(record);
        if fields.len() > 1 {
            self.circuits.push(Value::Object(fields));
        }
        let increments = totals_list(increments);
        if let Some(last) = increments.iter().rposition(|count| *count > 0) {
            let mut list = vec![Value::from(record.id)];
            list.extend(increments[..=last].iter().map(|count| Value::from(*count)));
            self.increments.push(Value::Array(list));
        }
    }

    /// Adds all fields of a circuit that the feed has not mentioned yet.
    pub(crate) fn add_new(&mut self, record: &mut Record) {
        // Later changes are relative to what is sent now.
        let _ = take_changes(record);
        self.circuits.push(Value::Object(all_fields(record, self.period)));
    }

    /// The message of the feed.
    pub(crate) fn encode(self) -> Payload {
        let entries: Vec<_> = self.entries.iter().map(|entry| json::entry(entry)).collect();
        let mut writer = PayloadWriter::default();
        // A server-sent event. JSON escapes line breaks, so the data is one line.
        writer.text("event: delta\ndata: ");
        let mut message = json!({
            "at": milliseconds(self.at),
            "period": self.period,
            "total": self.total,
            "circuits": self.circuits,
            "increments": self.increments,
            "removed": self.removed,
            "timeline": entries,
        });
        if let Some(fleet) = self.fleet {
            message["fleet"] = fleet;
        }
        writer.json(&message);
        writer.text("\n\n");
        writer.finish()
    }
}

/// All fields of a circuit, for a page that does not know it. `newest` is the current period.
pub(crate) fn all_fields(record: &Record, newest: u32) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("key".to_owned(), json!(record.status.key));
    fields.insert("totals".to_owned(), json!(totals_list(&record.status.totals)));
    let mut recent: Vec<Value> = Vec::new();
    for (period, point) in record.history.fine.until(newest) {
        recent.push(json!([newest.saturating_sub(period), point.successes, point.failures, point.rejected]));
    }
    fields.insert("recent".to_owned(), recent.into());
    insert_changes(&mut fields, record, &LastSent::default());
    fields
}

/// The fields of a circuit that changed since the last call, beside its id.
fn take_changes(record: &mut Record) -> Map<String, Value> {
    let mut fields = Map::new();
    let last_sent = std::mem::take(&mut record.last_sent);
    insert_changes(&mut fields, record, &last_sent);
    record.last_sent = if fields.len() > 1 {
        LastSent {
            status: Some(record.status.clone()),
            onset: record.onset.clone(),
            outage: record.outage.clone(),
            retry_at: record.retry_at,
            ramp: record.ramp(),
            probing: record.probing,
            shared: record.shared,
        }
    } else {
        last_sent
    };
    fields
}

/// Inserts the id of a circuit and those of its fields that differ from what was sent last.
fn insert_changes(fields: &mut Map<String, Value>, record: &Record, sent: &LastSent) {
    let (status, old_status) = (&record.status, sent.status.as_ref());
    let is_new = old_status.is_none();
    let mut insert = |name: &str, differs: bool, value: &dyn Fn() -> Value| {
        if differs {
            fields.insert(name.to_owned(), value());
        }
    };
    let differs = |differs: &dyn Fn(&Status) -> bool| old_status.is_none_or(differs);
    insert("id", true, &|| record.id.into());
    insert("state", differs(&|old| old.state != status.state), &|| json!(status.state));
    insert("onset", is_new || sent.onset != record.onset, &|| onset(&record.onset));
    insert("outage", is_new || sent.outage != record.outage, &|| record.outage.as_ref().map(onset).into());
    insert("failure_count", differs(&|old| old.failure_count != status.failure_count), &|| status.failure_count.into());
    let rates = |of: &Status| [of.window.failure_rate, of.window.slow_call_rate].map(|rate| rate.map(round));
    insert("rates", differs(&|old| rates(old) != rates(status)), &|| json!(rates(status)));
    insert("openings", differs(&|old| old.openings != status.openings), &|| status.openings.into());
    insert("retry_at", is_new || sent.retry_at != record.retry_at, &|| record.retry_at.map(milliseconds).into());
    insert("probing", is_new || sent.probing != record.probing, &|| record.probing.into());
    // A page takes a circuit for one that does not ramp up until it reads otherwise.
    insert("ramp", sent.ramp != record.ramp(), &|| {
        record.ramp().map(|(share, until)| json!([share, until.map(milliseconds)])).into()
    });
    // A page takes a circuit for unshared until it reads otherwise: most services have no fleet.
    insert("shared", sent.shared != record.shared, &|| record.shared.into());
    insert(
        "last_failure",
        differs(&|old| is_another(old.last_failure.as_ref(), status.last_failure.as_ref())),
        &|| {
            let failure = status.last_failure.as_ref();
            failure.map(|failure| json!([milliseconds(failure.at), failure.reason.as_deref()])).into()
        },
    );
    insert("metadata", differs(&|old| old.metadata != status.metadata), &|| json!(status.metadata));
}

/// Whether these are two failures. The instant of one failure differs by a few microseconds from
/// sample to sample, because it is computed from a duration.
fn is_another(old: Option<&LastFailure>, new: Option<&LastFailure>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.reason != new.reason || !is_close(old.at, new.at),
        (old, new) => old.is_some() != new.is_some(),
    }
}

fn onset(onset: &Onset) -> Value {
    let cause = onset.cause.as_ref().map(|cause| match &cause.origin {
        None => json!([cause.name, cause.reason.as_deref()]),
        Some(origin) => json!([cause.name, cause.reason.as_deref(), origin.instance, origin.cause]),
    });
    json!([onset.at.map(milliseconds), cause])
}

/// Milliseconds since 1970, as JavaScript counts time.
pub(crate) fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A rate to a tenth of a percent: more digits are noise on a page, and cost bytes.
fn round(rate: f64) -> f64 {
    (rate * 1_000.0).round() / 1_000.0
}
