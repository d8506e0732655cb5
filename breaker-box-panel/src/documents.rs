//! The documents that clients read: the JSON for scripts, and the snapshot for a page that was just
//! opened.

use std::time::SystemTime;

use breaker_core::{Key, Status};
use serde_json::{Value, json};

use crate::delta;
use crate::history::{COARSE, FINE, PERIODS, period};
use crate::json;
use crate::payload::{Payload, PayloadWriter};
use crate::store::Store;

/// Which circuits a document lists; the parts are combined with AND.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CircuitFilter {
    /// A part of the identifier, in lower case; the identifier may be in any case.
    pub(crate) name: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) state: Option<String>,
}

impl CircuitFilter {
    fn matches(&self, status: &Status) -> bool {
        let key = &status.key;
        let is = |wanted: &Option<String>, part: Option<&str>| wanted.is_none() || wanted.as_deref() == part;
        is(&self.scope, key.scope())
            && is(&self.kind, key.kind())
            && is(&self.state, Some(status.state.as_str()))
            && self.name.as_deref().is_none_or(|name| key.identifier().to_lowercase().contains(name))
    }
}

/// Which document a script asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DocumentQuery {
    Circuits(CircuitFilter),
    Circuit(Key),
    Timeline,
}

/// Writes a document. `None` if it is about a circuit that does not exist. `missed` is the number
/// of events that found the sampler's queue full.
pub(crate) fn build(store: &Store, query: &DocumentQuery, missed: u64) -> Option<Payload> {
    match query {
        DocumentQuery::Circuits(filter) => Some(circuits(store, filter)),
        DocumentQuery::Circuit(key) => circuit(store, key),
        DocumentQuery::Timeline => Some(timeline(store, missed)),
    }
}

/// All circuits that pass the filter, sorted by key.
fn circuits(store: &Store, filter: &CircuitFilter) -> Payload {
    let mut records: Vec<_> = store.records().filter(|record| filter.matches(&record.status)).collect();
    records.sort_by(|a, b| a.status.key.cmp(&b.status.key));
    let mut writer = PayloadWriter::default();
    begin_object(
        &mut writer,
        &json!({
            "at": json::instant(store.at),
            "title": store.settings.title,
            "total": store.total,
            "fleet": json::fleet(store.fleet.fleet.as_ref()),
        }),
    );
    writer.text(",\"circuits\":");
    writer.list(records.into_iter().map(json::circuit));
    writer.text("}");
    writer.finish()
}

/// One circuit, with its history and its entries of the timeline.
fn circuit(store: &Store, key: &Key) -> Option<Payload> {
    let record = store.record(key)?;
    let elapsed = store.elapsed();
    let entries: Vec<_> = record.entries.iter().rev().map(|entry| json::entry(entry)).collect();
    let mut writer = PayloadWriter::default();
    writer.json(&json!({
        "at": json::instant(store.at),
        "circuit": json::circuit(record),
        "history": {
            "minutes": json::history(&record.history.fine, elapsed, FINE),
            "hour": json::history(&record.history.coarse, elapsed, COARSE),
        },
        "timeline": entries,
    }));
    Some(writer.finish())
}

/// The whole timeline, newest first.
fn timeline(store: &Store, missed: u64) -> Payload {
    let mut writer = PayloadWriter::default();
    begin_object(&mut writer, &json!({ "at": json::instant(store.at), "missed": missed }));
    writer.text(",\"timeline\":");
    writer.list(store.timeline.newest_first().map(|entry| json::entry(entry)));
    writer.text("}");
    writer.finish()
}

/// The message of the feed for pages that were just opened or could not keep up. It is shared by
/// all of them; each page gets an ending of its own, [`snapshot_end`].
pub(crate) fn snapshot(store: &Store, missed: u64) -> Payload {
    let period = period(store.elapsed(), FINE);
    let settings = &store.settings;
    let mut writer = PayloadWriter::default();
    writer.text("event: snapshot\ndata: ");
    begin_object(
        &mut writer,
        &json!({
            // The current time, not that of the sample: the page sets its clock by it.
            "at": delta::milliseconds(SystemTime::now()),
            "version": env!("CARGO_PKG_VERSION"),
            "title": settings.title,
            "controls": settings.controls,
            "reasons_hidden": settings.hide_reasons,
            "period": period,
            "period_seconds": FINE.as_secs(),
            "periods": PERIODS,
            "total": store.total,
            "missed": missed,
            "fleet": json::fleet(store.fleet.fleet.as_ref()),
        }),
    );
    writer.text(",\"circuits\":");
    writer.list(store.records().map(|record| Value::Object(delta::all_fields(record, period))));
    writer.text(",\"timeline\":");
    writer.list(store.timeline.newest_first().map(|entry| json::entry(entry)));
    writer.finish()
}

/// The end of a snapshot: the id of the viewer that it is sent to.
pub(crate) fn snapshot_end(viewer: &str) -> String {
    format!(",\"viewer\":\"{viewer}\"}}\n\n")
}

/// Writes an object without its closing brace.
fn begin_object(writer: &mut PayloadWriter, fields: &Value) {
    let text = fields.to_string();
    writer.text(text.strip_suffix('}').unwrap_or(&text));
}
