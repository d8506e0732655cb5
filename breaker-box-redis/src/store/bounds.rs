//! Bounds on what goes into the store and comes out of it.

use std::time::Duration;

use crate::protocol::{LONGEST, MOST_OPENINGS, StoreTime, Version};

/// Times and versions end here, in the year 2112: the scripts calculate with doubles.
const LATEST: u64 = 1 << 52;
const MOST_CALLS: u64 = 1 << 40;
/// The longest message in bytes.
pub(super) const MESSAGE: usize = 16 * 1024;
/// The longest reason in bytes, before it is encoded.
const REASON: usize = 256;
/// The longest instance and cause in bytes. The name of an instance may have 64, and its random part
/// follows.
const WORD: usize = 80;

/// Whole microseconds, at most a day.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.min(LONGEST).as_micros()).expect("a day")
}

/// Like [`micros`], and at least a millisecond.
pub(super) fn some_micros(duration: Duration) -> u64 {
    micros(duration.max(Duration::from_millis(1)))
}

/// A tenth of a window.
pub(super) fn bucket(window: Duration) -> u64 {
    some_micros(window / 10)
}

pub(super) fn time(time: StoreTime) -> u64 {
    time.0.min(LATEST)
}

pub(super) fn version(version: Version) -> u64 {
    version.0.min(LATEST)
}

pub(super) fn openings(openings: u32) -> u32 {
    openings.min(MOST_OPENINGS)
}

pub(super) fn calls(calls: u64) -> u64 {
    calls.min(MOST_CALLS)
}

/// Between 0 and 1.
pub(super) fn share(share: f64) -> f64 {
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// Whether a number read from the store can be a version, a time or a sum.
pub(super) fn is_number(number: u64) -> bool {
    number <= LATEST
}

pub(super) fn reason(reason: &str) -> &str {
    cut(reason, REASON)
}

pub(super) fn word(word: &str) -> &str {
    cut(word, WORD)
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
