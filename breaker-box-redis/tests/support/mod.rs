//! What the tests with a real Redis and real processes need.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod child;
pub(crate) mod cluster;
pub(crate) mod harness;
pub(crate) mod instance;
pub(crate) mod options;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod report;
pub(crate) mod server;

use std::thread;
use std::time::{Duration, Instant};

/// Waits for a condition. On a busy machine everything takes longer, so the time limits of tests
/// are generous. Where a test claims a time, the instances measure it.
///
/// # Panics
///
/// If the condition does not hold in time.
pub(crate) fn until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Checks that a condition keeps holding for a while.
pub(crate) fn throughout(what: &str, time: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        assert!(holds(), "no longer: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
