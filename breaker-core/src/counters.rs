//! Counts that many threads add to at once: totals and durations, in a stripe for each thread.

#[cfg(feature = "metrics")]
pub(crate) mod durations;
pub(crate) mod thread_slot;
pub(crate) mod totals;
