//! What a transaction leaves to do once no lock is held: a fleet has something to deliver, and
//! something is logged.

use std::sync::Arc;

use super::Circuit;
use crate::cause::Cause;
use crate::environment::Listener;
use crate::log;
use crate::machine::trigger::Trigger;
use crate::machine::{Transition, changes};
use crate::reason::Reason;

/// What is left to do once no lock is held.
#[must_use]
#[derive(Default)]
pub(crate) struct Aftermath {
    /// What is logged. Not earlier, because a log subscriber may call this very circuit.
    log: Option<Entries>,
    /// The fleet that has something to deliver.
    pub(super) told: Option<Arc<dyn Listener>>,
}

impl Aftermath {
    /// The same, with nothing to log.
    pub(super) fn without_log(self) -> Self {
        Self { log: None, ..self }
    }

    #[inline]
    pub(super) const fn is_nothing(&self) -> bool {
        self.log.is_none() && self.told.is_none()
    }

    pub(super) fn log(&mut self, entry: Entry) {
        match &mut self.log {
            None => self.log = Some(Entries { first: entry, more: Vec::new() }),
            Some(entries) => entries.more.push(entry),
        }
    }
}

/// Usually one, which needs no allocation.
struct Entries {
    first: Entry,
    more: Vec<Entry>,
}

/// A line of the log, or the lines of a step.
pub(super) enum Entry {
    Changed(Changed),
    WouldOpen(Cause),
    Failed(Reason),
}

/// The changes of one step.
pub(super) struct Changed {
    pub(super) entered: [Option<Transition>; 4],
    pub(super) reason: Option<Reason>,
    pub(super) counts: log::Counts,
}

impl Circuit {
    /// Delivers and logs what a transaction has caused.
    ///
    /// Outlined, because most transactions cause nothing but events.
    #[inline(never)]
    pub(crate) fn finish(&self, aftermath: &Aftermath) {
        // First, so that neither the log nor a handler of events delays a fleet.
        if let Some(listener) = &aftermath.told {
            listener.deliver();
        }
        if let Some(Entries { first, more }) = &aftermath.log {
            self.write(first);
            for entry in more {
                self.write(entry);
            }
        }
        self.environment.events.deliver();
    }

    fn write(&self, entry: &Entry) {
        match entry {
            Entry::Changed(Changed { entered, reason, counts }) => {
                for Transition { from, to, trigger, .. } in changes(entered) {
                    let hung = counts.hung.filter(|_| trigger == Trigger::HungCalls);
                    let counts = log::Counts { hung, ..*counts };
                    log::state_changed(&self.key, (from, to), trigger, reason.as_ref(), counts);
                }
            }
            Entry::WouldOpen(cause) => log::would_open(&self.key, cause),
            Entry::Failed(reason) => log::failed(&self.key, reason),
        }
    }
}
