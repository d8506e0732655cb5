//! How many calls had no circuit of their own, and when that was last logged.

use std::time::Duration;

use crate::clock::tick::Tick;
use crate::primitive::{AtomicU64, Ordering};

/// The calls that had no circuit of their own, by reason.
#[derive(Default)]
pub(super) struct UnguardedCounts {
    pub(super) full: CallCount,
    pub(super) invalid_key: CallCount,
    pub(super) overflow: CallCount,
}

/// How many calls there were, and when they were last logged.
#[derive(Default)]
pub(super) struct CallCount {
    calls: AtomicU64,
    logged: AtomicU64,
    next_line: AtomicU64,
}

/// The minimum time between two log lines for the same reason.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

impl CallCount {
    /// Counts a call. Returns the number of calls since the last log line if the next line is due.
    pub(super) fn add(&self, now: Tick) -> Option<u64> {
        // Relaxed, all: statistics that publish nothing else. The exchange lets one thread write
        // the line.
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let due = self.next_line.load(Ordering::Relaxed);
        let next = now.after(BETWEEN_LINES).as_nanos();
        if now.as_nanos() < due
            || self.next_line.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return None;
        }
        Some(calls.saturating_sub(self.logged.swap(calls, Ordering::Relaxed)))
    }

    #[cfg(feature = "metrics")]
    pub(super) fn get(&self) -> u64 {
        // Relaxed: a statistic.
        self.calls.load(Ordering::Relaxed)
    }
}
