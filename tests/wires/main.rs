//! Neutral wires: what is diverted, what comes back, and that nothing is lost or twice.

mod asynchronous;
mod dropped;
#[path = "../support/happened.rs"]
#[allow(dead_code, reason = "wires have few events")]
mod happened;
mod submitted;

use breaker_box::{CircuitBreaker, ManualClock, Policy};

pub(crate) fn breaker(failures: u32) -> CircuitBreaker {
    CircuitBreaker::with_clock("wire", Policy::consecutive_failures(failures), ManualClock::new()).unwrap()
}

/// Fails on odd items.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "a wire lends its items")]
pub(crate) fn even_only(item: &u32) -> Result<u32, &'static str> {
    if item % 2 == 0 { Ok(item / 2) } else { Err("odd") }
}

/// Takes nothing.
pub(crate) fn refuse(item: u32) -> Result<(), u32> {
    Err(item)
}
