//! The documents of the whole board: for scripts, and for a page that has just been opened.

use std::time::SystemTime;

use axum::body::Bytes;
use breaker_core::{Key, Status};
use serde_json::{Value, json};

use crate::board::Board;
use crate::feed;
use crate::history::{COARSE, FINE, PERIODS, period};
use crate::view;

/// Which circuits somebody asks for; the parts are combined with AND.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Part of the name, in whatever case.
    pub(crate) name: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) state: Option<String>,
}

impl Wanted {
    fn fits(&self, status: &Status) -> bool {
        let Key { kind, scope, identifier } = &status.key;
        let same =
            |wanted: &Option<String>, part: Option<&str>| wanted.as_deref().is_none_or(|wanted| part == Some(wanted));
        same(&self.scope, scope.as_deref())
            && same(&self.kind, kind.as_deref())
            && same(&self.state, Some(status.state.as_str()))
            && self.name.as_deref().is_none_or(|name| identifier.to_lowercase().contains(&name.to_lowercase()))
    }
}

/// All circuits, by name.
pub(crate) fn circuits(board: &Board, wanted: &Wanted) -> Value {
    let cards = board.cards();
    let listed: Vec<_> =
        cards.iter().filter(|card| wanted.fits(&card.status)).map(|card| view::circuit(card)).collect();
    json!({ "at": view::instant(board.at), "title": board.settings.title, "total": board.circuits, "circuits": listed })
}

/// One circuit, with its history and its part of the timeline.
pub(crate) fn details(board: &Board, key: &Key) -> Option<Value> {
    let card = board.card(key)?;
    let elapsed = board.elapsed();
    let entries: Vec<_> = card.entries.iter().rev().map(|entry| view::entry(entry)).collect();
    Some(json!({
        "at": view::instant(board.at),
        "circuit": view::circuit(card),
        "history": {
            "minutes": view::ring(&card.history.fine, elapsed, FINE),
            "hour": view::ring(&card.history.coarse, elapsed, COARSE),
        },
        "timeline": entries,
    }))
}

/// What happened lately, newest first.
pub(crate) fn timeline(board: &Board, missed: u64) -> Value {
    let entries: Vec<_> = board.timeline.newest().map(|entry| view::entry(entry)).collect();
    json!({ "at": view::instant(board.at), "missed": missed, "timeline": entries })
}

/// Everything, for a page that has just been opened or could not keep up.
pub(crate) fn snapshot(board: &Board, missed: u64) -> Bytes {
    let period = period(board.elapsed(), FINE);
    let rows: Vec<_> = board.cards().into_iter().map(|card| Value::Object(feed::everything(card, period))).collect();
    let entries: Vec<_> = board.timeline.newest().map(|entry| view::entry(entry)).collect();
    let settings = &board.settings;
    let document = json!({
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
        "circuits": rows,
        "timeline": entries,
    });
    feed::message("snapshot", &document)
}
