//! The state that a circuit begins in, if that is not closed.

use super::Circuit;
use super::aftermath::Aftermath;
use super::transaction::Transaction;
use crate::machine::Command;
use crate::reason::Reason;
use crate::state::Mode;

impl Circuit {
    /// Begins a new circuit in a mode, and then makes it visible. The caller
    /// [finishes](Self::finish) once it holds no lock.
    ///
    /// Nothing is logged, because the names of such circuits may come from users.
    pub(crate) fn begin_in(&self, mode: Mode, make_visible: impl FnOnce()) -> Aftermath {
        let work = |transaction: &mut Transaction<'_>| {
            transaction.enter_mode(mode);
            // Under the lock, so that a fleet hears of this before it hears of anything that a call
            // causes.
            make_visible();
        };
        self.transact_quietly(self.locked.lock(), work).1.without_log()
    }
}

impl Transaction<'_> {
    /// Enters a mode, as configured for this instance: a fleet does not spread it.
    pub(super) fn enter_mode(&mut self, mode: Mode) {
        let command = match mode {
            Mode::Closed => Command::Reset,
            Mode::ForcedOpen => Command::ForceOpen,
            Mode::Disabled => Command::Disable,
            Mode::MetricsOnly => Command::MetricsOnly,
        };
        self.only_here = true;
        self.command(command, Some(&Reason::from_static("mode")));
        self.only_here = false;
        if mode != Mode::Closed {
            self.locked.note_mode_entered();
        }
    }
}
