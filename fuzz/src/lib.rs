//! The fuzz targets, one module each. `run` takes what the fuzzer made up, and panics where
//! something does not hold.
//!
//! The targets in `fuzz_targets/` call these functions and nothing else, and so do the plain tests
//! below, over all that is kept in `seeds/` and `found/`.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target says that something does not hold")]

pub mod attribute;
pub mod durations;
mod expansion;
pub mod sequences;
pub mod settings;
pub mod tokens;

#[cfg(test)]
mod tests;

// The attribute. A proc-macro crate cannot be linked, so its modules are compiled into this one.
#[path = "../../breaker-macros/src"]
mod macros {
    pub(crate) mod annotate;
    pub(crate) mod args;
    pub(crate) mod block;
    pub(crate) mod duration;
    pub(crate) mod errors;
    pub(crate) mod expand;
    pub(crate) mod item;
    pub(crate) mod model;
    pub(crate) mod ours;
    pub(crate) mod recovery;
}
// Where they look for each other.
use self::macros::{annotate, args, block, duration, errors, expand, item, model, ours, recovery};
