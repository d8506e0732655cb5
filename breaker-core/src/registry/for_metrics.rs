//! What metrics need of a registry.

use super::Registry;
use super::departures::Keepers;
use super::recorder_state::RecorderState;
use crate::primitive::MutexGuard;

impl Registry {
    /// Returns what was last reported to a recorder. The lock is held while more is reported.
    pub(crate) fn recorder_state(&self) -> MutexGuard<'_, RecorderState> {
        self.inner.recorder_state.lock()
    }

    /// Returns what keeps the counts of circuits that leave.
    pub(crate) fn departures(&self) -> &Keepers {
        &self.inner.departures
    }
}
