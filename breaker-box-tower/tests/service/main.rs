//! The layer over services whose every step the test decides: no runtime, no network, no real time.

mod answers;
mod bodies;
mod grpc;
mod keys;
mod nested;
mod panics;
mod probes;
mod readiness;
mod stacking;
mod support;
