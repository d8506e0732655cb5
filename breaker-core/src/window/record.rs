//! One result, as windows record it.

use crate::clock::tick::Tick;

/// A result to record, and the number of successes so far, including this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) failure: bool,
    pub(crate) slow: bool,
    pub(crate) successes: u64,
    pub(crate) now: Tick,
}
