//! What the page is told: everything once, then every second what has changed.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use breaker_core::{LastFailure, Totals};
use serde_json::{Map, Value, json};

use crate::card::{Card, Stay, Told, counts, is_close};
use crate::document::{Document, Writer};
use crate::history::{FINE, period};
use crate::timeline::{Entry, Why};
use crate::view;

/// What has changed since the last one.
#[derive(Debug)]
pub(crate) struct Tick {
    pub(crate) at: SystemTime,
    period: u32,
    pub(crate) circuits: usize,
    rows: Vec<Value>,
    /// For each circuit that was called: its number, and by how much each of its totals grew,
    /// trailing zeros left out.
    passed: Vec<Value>,
    pub(crate) gone: Vec<u32>,
    pub(crate) entries: Vec<Arc<Entry>>,
}

impl Tick {
    pub(crate) fn new(at: SystemTime, elapsed: Duration) -> Self {
        let period = period(elapsed, FINE);
        Self { at, period, circuits: 0, rows: Vec::new(), passed: Vec::new(), gone: Vec::new(), entries: Vec::new() }
    }

    /// Tells what changed of a circuit, and what went through it.
    pub(crate) fn add(&mut self, card: &mut Card, passed: &Totals) {
        let row = changes(card);
        if row.len() > 1 {
            self.rows.push(Value::Object(row));
        }
        let passed = counts(passed);
        if let Some(last) = passed.iter().rposition(|count| *count > 0) {
            let mut list = vec![Value::from(card.id)];
            list.extend(passed[..=last].iter().map(|count| Value::from(*count)));
            self.passed.push(Value::Array(list));
        }
    }

    /// Tells all of a new circuit.
    pub(crate) fn add_new(&mut self, card: &mut Card) {
        // What is told now is what later changes are changes of.
        let _ = changes(card);
        self.rows.push(Value::Object(everything(card, self.period)));
    }

    pub(crate) fn encode(self) -> Document {
        let entries: Vec<_> = self.entries.iter().map(|entry| view::entry(entry)).collect();
        let mut writer = Writer::default();
        // A message of a stream of server-sent events. JSON has its line breaks escaped, so it is
        // one line.
        writer.text("event: tick\ndata: ");
        writer.json(&json!({
            "at": milliseconds(self.at),
            "period": self.period,
            "total": self.circuits,
            "circuits": self.rows,
            "passed": self.passed,
            "gone": self.gone,
            "timeline": entries,
        }));
        writer.text("\n\n");
        writer.finish()
    }
}

/// All there is to tell of a circuit.
pub(crate) fn everything(card: &Card, newest: u32) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("key".to_owned(), view::key(&card.status.key));
    row.insert("totals".to_owned(), json!(counts(&card.status.totals)));
    let mut lately: Vec<Value> = Vec::new();
    for (period, point) in card.history.fine.until(newest) {
        lately.push(json!([newest.saturating_sub(period), point.successes, point.failures, point.rejected]));
    }
    row.insert("lately".to_owned(), lately.into());
    fill(&mut row, card, &Told::default());
    row
}

/// What of a circuit has changed since this was last asked.
fn changes(card: &mut Card) -> Map<String, Value> {
    let mut row = Map::new();
    let told = std::mem::take(&mut card.told);
    fill(&mut row, card, &told);
    card.told = if row.len() > 1 {
        Told {
            status: Some(card.status.clone()),
            stay: card.stay.clone(),
            trouble: card.trouble.clone(),
            retry_at: card.retry_at,
            probing: card.probing,
        }
    } else {
        told
    };
    row
}

/// The fields of a circuit that differ from what was told.
fn fill(row: &mut Map<String, Value>, card: &Card, told: &Told) {
    let (status, before) = (&card.status, told.status.as_ref());
    let mut put = |name: &str, is_news: bool, value: &dyn Fn() -> Value| {
        if is_news {
            row.insert(name.to_owned(), value());
        }
    };
    let differs = |differs: &dyn Fn(&breaker_core::Status) -> bool| before.is_none_or(differs);
    put("id", true, &|| card.id.into());
    put("state", differs(&|old| old.state != status.state), &|| status.state.as_str().into());
    put("stay", before.is_none() || told.stay != card.stay, &|| stay(&card.stay));
    put("trouble", before.is_none() || told.trouble != card.trouble, &|| card.trouble.as_ref().map(stay).into());
    put("failure_count", differs(&|old| old.failure_count != status.failure_count), &|| status.failure_count.into());
    let rates =
        |of: &breaker_core::Status| [of.window.failure_rate, of.window.slow_call_rate].map(|rate| rate.map(round));
    put("rates", differs(&|old| rates(old) != rates(status)), &|| json!(rates(status)));
    put("openings", differs(&|old| old.openings != status.openings), &|| status.openings.into());
    put("retry_at", before.is_none() || told.retry_at != card.retry_at, &|| card.retry_at.map(milliseconds).into());
    put("probing", before.is_none() || told.probing != card.probing, &|| card.probing.into());
    put("last_failure", differs(&|old| is_another(old.last_failure.as_ref(), status.last_failure.as_ref())), &|| {
        let failure = status.last_failure.as_ref();
        failure.map(|failure| json!([milliseconds(failure.at), failure.reason.as_deref()])).into()
    });
    put("metadata", differs(&|old| old.metadata != status.metadata), &|| json!(status.metadata));
}

/// Whether these are two failures. Computed from a span of time, the instant of one moves by a few
/// microseconds.
fn is_another(old: Option<&LastFailure>, new: Option<&LastFailure>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.reason != new.reason || !is_close(old.at, new.at),
        (old, new) => old.is_some() != new.is_some(),
    }
}

fn stay(stay: &Stay) -> Value {
    let why = stay.why.as_ref().map(|Why { cause, reason }| json!([cause, reason.as_deref()]));
    json!([stay.since.map(milliseconds), why])
}

/// Since 1970, as JavaScript counts.
pub(crate) fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A rate to a tenth of a percent: finer is noise on a page, and costs bytes.
fn round(rate: f64) -> f64 {
    (rate * 1_000.0).round() / 1_000.0
}
