//! The documents of the whole board: for scripts, and for a page that has just been opened.

use std::time::SystemTime;

use breaker_core::{Key, Status};
use serde_json::{Value, json};

use crate::board::Board;
use crate::card::Card;
use crate::document::{Document, Writer};
use crate::feed;
use crate::history::{COARSE, FINE, PERIODS, period};
use crate::view;

/// Which circuits somebody asks for; the parts are combined with AND.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Part of the name, in lower case; names fit in whatever case.
    pub(crate) name: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) state: Option<String>,
}

impl Wanted {
    fn fits(&self, status: &Status) -> bool {
        let same =
            |wanted: &Option<String>, part: Option<&str>| wanted.as_deref().is_none_or(|wanted| part == Some(wanted));
        same(&self.scope, status.key.scope())
            && same(&self.kind, status.key.kind())
            && same(&self.state, Some(status.state.as_str()))
            && self.name.as_deref().is_none_or(|name| status.key.identifier().to_lowercase().contains(name))
    }
}

/// What scripts ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Circuits(Wanted),
    Details(Key),
    Timeline,
}

/// `None` where there is no such circuit.
pub(crate) fn answer(board: &Board, question: &Question, missed: u64) -> Option<Document> {
    match question {
        Question::Circuits(wanted) => Some(circuits(board, wanted)),
        Question::Details(key) => details(board, key),
        Question::Timeline => Some(timeline(board, missed)),
    }
}

/// All circuits, by name.
fn circuits(board: &Board, wanted: &Wanted) -> Document {
    let mut cards: Vec<_> = board.cards().filter(|card| wanted.fits(&card.status)).collect();
    sort(&mut cards);
    let mut writer = head(&json!({
        "at": view::instant(board.at),
        "title": board.settings.title,
        "total": board.circuits,
    }));
    writer.text(",\"circuits\":");
    writer.list(cards.into_iter().map(view::circuit));
    writer.text("}");
    writer.finish()
}

/// One circuit, with its history and its part of the timeline.
fn details(board: &Board, key: &Key) -> Option<Document> {
    let card = board.card(key)?;
    let elapsed = board.elapsed();
    let entries: Vec<_> = card.entries.iter().rev().map(|entry| view::entry(entry)).collect();
    let mut writer = Writer::default();
    writer.json(&json!({
        "at": view::instant(board.at),
        "circuit": view::circuit(card),
        "history": {
            "minutes": view::ring(&card.history.fine, elapsed, FINE),
            "hour": view::ring(&card.history.coarse, elapsed, COARSE),
        },
        "timeline": entries,
    }));
    Some(writer.finish())
}

/// What happened lately, newest first.
fn timeline(board: &Board, missed: u64) -> Document {
    let mut writer = head(&json!({ "at": view::instant(board.at), "missed": missed }));
    writer.text(",\"timeline\":");
    writer.list(board.timeline.newest().map(|entry| view::entry(entry)));
    writer.text("}");
    writer.finish()
}

/// Everything, for pages that have just been opened or could not keep up. Its end is
/// [`end_of_snapshot`].
pub(crate) fn snapshot(board: &Board, missed: u64) -> Document {
    let period = period(board.elapsed(), FINE);
    let settings = &board.settings;
    let mut writer = Writer::default();
    writer.text("event: snapshot\ndata: ");
    let facts = json!({
        // Now, and not when the circuits were looked at: the page sets its clock by it.
        "at": feed::milliseconds(SystemTime::now()),
        "version": env!("CARGO_PKG_VERSION"),
        "title": settings.title,
        "controls": settings.controls,
        "reasons_hidden": settings.hide_reasons,
        "period": period,
        "period_seconds": FINE.as_secs(),
        "periods": PERIODS,
        "total": board.circuits,
        "missed": missed,
    });
    open(&mut writer, &facts);
    writer.text(",\"circuits\":");
    writer.list(board.cards().map(|card| Value::Object(feed::everything(card, period))));
    writer.text(",\"timeline\":");
    writer.list(board.timeline.newest().map(|entry| view::entry(entry)));
    writer.finish()
}

/// What only one page is told of a snapshot that it shares with others: the name of its place.
pub(crate) fn end_of_snapshot(place: &str) -> String {
    format!(",\"place\":\"{place}\"}}\n\n")
}

/// The first fields of an object that goes on.
fn head(fields: &Value) -> Writer {
    let mut writer = Writer::default();
    open(&mut writer, fields);
    writer
}

fn open(writer: &mut Writer, fields: &Value) {
    let text = fields.to_string();
    writer.text(text.strip_suffix('}').unwrap_or(&text));
}

fn sort(cards: &mut [&Card]) {
    cards.sort_by(|a, b| a.status.key.cmp(&b.status.key));
}
