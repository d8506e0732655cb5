//! Collecting what is wrong, however much that is.

use super::error::{SettingsError, SettingsProblem};

/// All that was noted, of which the first by place are kept.
#[derive(Debug, Default)]
pub(super) struct Problems {
    kept: Vec<SettingsProblem>,
    omitted: usize,
}

impl Problems {
    pub(super) fn push(&mut self, problem: SettingsProblem) {
        self.kept.push(problem);
        // Now and then, so that keeping few out of many costs little for each.
        if self.kept.len() >= 2 * KEPT {
            self.keep_first();
        }
    }

    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = SettingsProblem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Counts what somebody else did not keep.
    pub(super) fn omit(&mut self, more: usize) {
        self.omitted += more;
    }

    /// How many were noted.
    pub(super) fn noted(&self) -> usize {
        self.kept.len() + self.omitted
    }

    /// Whether there are so many that nobody would read on.
    pub(super) fn are_enough(&self) -> bool {
        self.noted() >= ENOUGH
    }

    /// The error that they make, unless there are none.
    pub(super) fn into_error(mut self) -> Result<(), SettingsError> {
        if self.kept.is_empty() {
            return Ok(());
        }
        self.keep_first();
        Err(SettingsError::Invalid { problems: self.kept, omitted: self.omitted })
    }

    fn keep_first(&mut self) {
        self.kept.sort_by(|a, b| a.order().cmp(&b.order()));
        self.kept.dedup();
        self.omitted += self.kept.len().saturating_sub(KEPT);
        self.kept.truncate(KEPT);
    }
}

/// How many problems an error keeps.
pub(super) const KEPT: usize = 100;

/// How many problems are looked for: each costs a search for what was meant.
const ENOUGH: usize = 10_000;
