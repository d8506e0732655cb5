//! One result, as the windows take it.

use crate::clock::tick::Tick;

/// A result to remember, and the number of successes so far (with it, if it is one).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) failure: bool,
    pub(crate) slow: bool,
    pub(crate) successes: u64,
    pub(crate) now: Tick,
}
