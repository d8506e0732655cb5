//! What happened to circuits, and why, newest last, bounded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use breaker_core::{Cause, Event, EventKind, Key, State};

use crate::order::{Action, Placed};

/// Entries that the panel remembers of all circuits together.
pub(crate) const ALL: usize = 1_000;

/// Entries that it remembers of one circuit, also when others have been noisier.
pub(crate) const OF_ONE: usize = 16;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Grows by one with each entry of a panel, from 1.
    pub(crate) number: u64,
    pub(crate) at: SystemTime,
    pub(crate) key: Key,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    StateChanged {
        from: State,
        to: State,
        why: Why,
        action: Option<Action>,
    },
    WouldOpen {
        why: Why,
    },
    Configured,
    Unregistered,
    /// An order that moved nothing: a circuit that was so already was armed or cleared anew.
    Ordered {
        action: Action,
        why: Why,
    },
}

/// A cause by its name for machines, and what somebody said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) cause: &'static str,
    pub(crate) reason: Option<Arc<str>>,
}

impl Why {
    /// Reasons of failing calls may carry data of users: `hidden` leaves them out, and keeps those
    /// of people who gave an order.
    pub(crate) fn new(cause: &Cause, hidden: bool) -> Self {
        let from_a_call = matches!(cause, Cause::Tripped { .. });
        let reason = cause.reason().filter(|_| !(hidden && from_a_call));
        Self { cause: cause.as_str(), reason: reason.map(|reason| reason.as_str().into()) }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Timeline {
    entries: VecDeque<Arc<Entry>>,
    number: u64,
    /// Entries from this number on have not been sent yet.
    unsent: u64,
}

impl Timeline {
    /// Enters an event if it is one that people want to read of.
    pub(crate) fn happened(&mut self, event: &Event, hide_reasons: bool) -> Option<Arc<Entry>> {
        let what = match &event.kind {
            EventKind::StateChanged { from, to, cause } => {
                What::StateChanged { from: *from, to: *to, why: Why::new(cause, hide_reasons), action: None }
            }
            EventKind::WouldOpen { cause } => What::WouldOpen { why: Why::new(cause, hide_reasons) },
            EventKind::Configured => What::Configured,
            EventKind::Unregistered => What::Unregistered,
            _ => return None,
        };
        Some(self.enter(event.at, event.key.clone(), what))
    }

    /// Notes which order it was that changed a state, or enters the order where nothing changed.
    pub(crate) fn ordered(&mut self, placed: &Placed) -> Arc<Entry> {
        let reason: Arc<str> = placed.reason.as_str().into();
        // The change came just before; there may be some of other circuits in between.
        for entry in self.entries.iter_mut().rev().take(64).filter(|entry| entry.key == placed.key) {
            if let What::StateChanged { from, to, why, action: None } = &entry.what {
                if why.reason.as_ref() == Some(&reason) {
                    let what =
                        What::StateChanged { from: *from, to: *to, why: why.clone(), action: Some(placed.action) };
                    *entry = Arc::new(Entry { what, ..Entry::clone(entry) });
                    return Arc::clone(entry);
                }
            }
        }
        // As the cause of an order that changes the state.
        let why = Why { cause: "manual", reason: Some(reason) };
        self.enter(placed.at, placed.key.clone(), What::Ordered { action: placed.action, why })
    }

    fn enter(&mut self, at: SystemTime, key: Key, what: What) -> Arc<Entry> {
        self.number += 1;
        if self.entries.len() == ALL {
            self.entries.pop_front();
        }
        let entry = Arc::new(Entry { number: self.number, at, key, what });
        self.entries.push_back(Arc::clone(&entry));
        entry
    }

    /// Newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().rev()
    }

    /// What was entered since this was last asked, oldest first.
    pub(crate) fn take_unsent(&mut self) -> Vec<Arc<Entry>> {
        let unsent = self.entries.iter().filter(|entry| entry.number >= self.unsent).cloned().collect();
        self.unsent = self.number + 1;
        unsent
    }
}
