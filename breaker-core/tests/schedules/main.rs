//! Every order in which threads can take their steps, tried one by one, with the reorderings that
//! the memory model allows; with up to three interruptions where a thread could have gone on, and
//! two where three threads meet or two take many steps.
//!
//! ```sh
//! RUSTFLAGS="--cfg breaker_loom" cargo test --profile schedules --package breaker-core --no-default-features --features metrics \
//!     --test schedules
//! ```
//!
//! `LOOM_MAX_PREEMPTIONS=5` tries more orders, for hours. The map of the registry's circuits comes
//! from a crate that the checker cannot look into, so a list under a lock replaces it: what is
//! checked is how the registry uses its map.
//!
//! Each test was made to fail once by breaking the library on purpose; the comment beside it, "Seen
//! to fail", says how it was broken.
#![cfg(breaker_loom)]

// The reference model and its programs are shared with the tests of the facade.
extern crate breaker_core as breaker_box;

mod clocks;
mod deadlines;
#[cfg(feature = "metrics")]
mod durations;
mod evictions;
mod fleet;
mod generations;
#[cfg(feature = "metrics")]
mod groups;
mod handlers;
mod hung;
mod last_failure;
mod linearizability;
mod pins;
mod policies;
mod probes;
mod ramps;
mod receivers;
mod registrations;
mod sites;
mod subscribers;
mod support;
mod totals;
mod windows;
mod word;
