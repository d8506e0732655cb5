//! Counts, one for each stage of the schedule.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::schedule::STAGES;

#[derive(Debug, Default)]
pub(crate) struct StageCounter([AtomicU64; STAGES.len()]);

impl StageCounter {
    pub(crate) fn add(&self, stage: usize) {
        // Relaxed: the counts are read when the threads that wrote them have been joined.
        self.0[stage].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn of(&self, stage: usize) -> u64 {
        self.0[stage].load(Ordering::Relaxed)
    }

    pub(crate) fn sum(&self) -> u64 {
        (0..STAGES.len()).map(|stage| self.of(stage)).sum()
    }
}
