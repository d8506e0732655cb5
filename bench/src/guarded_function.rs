//! The function that the breakers guard. It costs next to nothing, so that the breaker is what is
//! measured.

use std::fmt;
use std::hint::black_box;

/// The error of a guarded function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

/// A guarded function; `turn` counts the calls of one thread.
pub(crate) trait GuardedFunction: Send + Sync + 'static {
    /// One call, never inlined.
    fn call<E: From<Broken>>(turn: u64) -> Result<u64, E>;
}

/// Every call succeeds.
#[derive(Debug)]
pub(crate) struct Succeeds;

impl GuardedFunction for Succeeds {
    #[inline(never)]
    fn call<E: From<Broken>>(turn: u64) -> Result<u64, E> {
        Ok(black_box(turn))
    }
}

/// Every `N`th call fails; with `N` = 1 every call.
#[derive(Debug)]
pub(crate) struct FailsEvery<const N: u64>;

impl<const N: u64> GuardedFunction for FailsEvery<N> {
    #[inline(never)]
    fn call<E: From<Broken>>(turn: u64) -> Result<u64, E> {
        if black_box(turn) % N == 0 { Err(E::from(Broken)) } else { Ok(turn) }
    }
}

/// Every call but each `N`th fails.
#[derive(Debug)]
pub(crate) struct SucceedsEvery<const N: u64>;

impl<const N: u64> GuardedFunction for SucceedsEvery<N> {
    #[inline(never)]
    fn call<E: From<Broken>>(turn: u64) -> Result<u64, E> {
        if black_box(turn) % N == 0 { Ok(turn) } else { Err(E::from(Broken)) }
    }
}
