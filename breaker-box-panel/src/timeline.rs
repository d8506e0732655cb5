//! The timeline: what happened to circuits and why, oldest first, bounded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use breaker_core::{Cause, Event, EventKind, Key, State};

use crate::control::command::{AppliedCommand, Order};
use crate::fleet::Origin;

/// The most entries that are kept of all circuits together.
const MAX_ENTRIES: usize = 1_000;

/// How many of the newest entries are searched for the state change of a command.
const SEARCHED: usize = 64;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Counts all entries of a panel, from 1.
    pub(crate) number: u64,
    pub(crate) at: SystemTime,
    pub(crate) key: Key,
    pub(crate) kind: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    StateChanged {
        from: State,
        to: State,
        cause: RecordedCause,
        /// The command that caused it, if it came through the panel.
        order: Option<Order>,
    },
    WouldOpen {
        cause: RecordedCause,
    },
    Configured,
    Unregistered,
    /// A command that changed no state: it re-armed or cleared a circuit in that state already.
    CommandApplied {
        order: Order,
        cause: RecordedCause,
    },
}

/// A cause by its name in snake case, with the reason that was given for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedCause {
    pub(crate) name: &'static str,
    pub(crate) reason: Option<Arc<str>>,
    /// Of a remote cause: what happened, and where, if that is known.
    pub(crate) origin: Option<Arc<Origin>>,
}

impl RecordedCause {
    /// With `hide_reasons`, without the reasons of failed calls, which may carry user data. The
    /// reasons of commands stay.
    pub(crate) fn new(cause: &Cause, origin: Option<Origin>, hide_reasons: bool) -> Self {
        let is_from_a_call = match cause {
            Cause::Tripped { .. } => true,
            Cause::Remote { .. } => origin.as_ref().is_none_or(|origin| origin.cause != MANUAL),
            _ => false,
        };
        let reason = cause.reason().filter(|_| !(hide_reasons && is_from_a_call));
        let reason = reason.map(|reason| reason.as_str().into());
        Self { name: cause.as_str(), reason, origin: origin.map(Arc::new) }
    }

    /// The cause of a state that the panel did not see begin, but that the fleet has.
    pub(crate) fn remote(origin: Origin) -> Self {
        Self { name: "remote", reason: None, origin: Some(Arc::new(origin)) }
    }
}

/// The cause of a command, by its name.
const MANUAL: &str = "manual";

#[derive(Debug, Default)]
pub(crate) struct Timeline {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the newest entry.
    newest: u64,
    /// The number of the first entry that was not sent yet.
    unsent: u64,
}

impl Timeline {
    /// Adds an event, if it is of a kind that the timeline shows.
    /// `origin` is where a remote change came from, if that is known.
    pub(crate) fn add_event(
        &mut self,
        event: &Event,
        origin: Option<Origin>,
        hide_reasons: bool,
    ) -> Option<Arc<Entry>> {
        let kind = match &event.kind {
            EventKind::StateChanged { from, to, cause, .. } => {
                let cause = RecordedCause::new(cause, origin, hide_reasons);
                EntryKind::StateChanged { from: *from, to: *to, cause, order: None }
            }
            EventKind::WouldOpen { cause, .. } => {
                EntryKind::WouldOpen { cause: RecordedCause::new(cause, None, hide_reasons) }
            }
            EventKind::Configured => EntryKind::Configured,
            EventKind::Unregistered => EntryKind::Unregistered,
            _ => return None,
        };
        Some(self.add(event.at, event.key.clone(), kind))
    }

    /// Adds a command to the entry of the state change that it caused, or as an entry of its own if
    /// it changed no state.
    pub(crate) fn add_command(&mut self, command: &AppliedCommand) -> Arc<Entry> {
        let reason: Arc<str> = command.reason.as_str().into();
        // The event came just before; events of other circuits may lie in between.
        let recent = self.entries.iter_mut().rev().take(SEARCHED);
        for entry in recent.filter(|entry| entry.key == command.key) {
            if let EntryKind::StateChanged { from, to, cause, order: None } = &entry.kind {
                if cause.reason.as_ref() == Some(&reason) {
                    let order = Some(command.order);
                    let kind = EntryKind::StateChanged { from: *from, to: *to, cause: cause.clone(), order };
                    *entry = Arc::new(Entry { kind, ..Entry::clone(entry) });
                    return Arc::clone(entry);
                }
            }
        }
        // As the cause of a command that changes the state.
        let cause = RecordedCause { name: MANUAL, reason: Some(reason), origin: None };
        let kind = EntryKind::CommandApplied { order: command.order, cause };
        self.add(command.at, command.key.clone(), kind)
    }

    fn add(&mut self, at: SystemTime, key: Key, kind: EntryKind) -> Arc<Entry> {
        self.newest += 1;
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        let entry = Arc::new(Entry { number: self.newest, at, key, kind });
        self.entries.push_back(Arc::clone(&entry));
        entry
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().rev()
    }

    /// The entries that were added since the last call, oldest first.
    pub(crate) fn take_unsent(&mut self) -> Vec<Arc<Entry>> {
        let unsent = self.entries.iter().filter(|entry| entry.number >= self.unsent).cloned().collect();
        self.unsent = self.newest + 1;
        unsent
    }
}
