//! The shared store: requests as script calls, and what comes back.

#[cfg(test)]
#[allow(dead_code, reason = "the tests that need it are being written")]
pub(crate) mod model;
