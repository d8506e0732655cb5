//! Logging: names, states, causes and counts. Arguments are never logged, and reasons only at debug
//! level, because they may contain user data. Without the feature `tracing` these functions do
//! nothing.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "nothing is logged without the feature"))]

use std::fmt;

use crate::cause::Cause;
#[cfg(feature = "tracing")]
use crate::key::Escaped;
use crate::key::{Key, KeyRef};
use crate::machine::trigger::Trigger;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;

/// The target of every line, so that one filter directive finds them all, whatever module they
/// come from.
#[cfg(feature = "tracing")]
const TARGET: &str = "breaker_box";

/// Writes a line at a level.
///
/// No field is called `message`, because that is the name of the text itself in `tracing`, and the
/// field would replace it.
macro_rules! line {
    ($level:ident, $($fields_and_text:tt)+) => {
        #[cfg(feature = "tracing")]
        quietly(|| tracing::$level!(target: TARGET, $($fields_and_text)+));
    };
}

/// Runs a log subscriber's code and contains its panics. A log that fails must not leave a slot
/// taken or a call unsettled.
#[cfg(feature = "tracing")]
fn quietly(write: impl FnOnce()) {
    // Nowhere is left to report it.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(write));
}

/// The counts that go with a change of state.
#[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "nothing is logged without the feature"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) failures: u32,
    pub(crate) openings: u32,
    /// Only if these calls are the cause.
    pub(crate) hung: Option<u64>,
}

pub(crate) fn state_changed(
    key: &Key,
    (from, to): (State, State),
    trigger: Trigger,
    reason: Option<&Reason>,
    counts: Counts,
) {
    let Counts { failures, openings, hung } = counts;
    let (before, after) = (from.as_str(), to.as_str());
    // One place for the fields and two for the level, which `tracing` needs at compile time.
    macro_rules! changed {
        ($level:ident) => {
            line!(
                $level, circuit = %key, from = %before, to = %after, cause = %Cause::new(trigger, None).as_str(), failures,
                openings, hung,
                "circuit is {to}"
            );
        };
    }
    if to.is_open() {
        changed!(warn);
    } else {
        changed!(info);
    }
    if let Some(reason) = reason.filter(|_| Cause::has_reason(trigger)) {
        line!(debug, circuit = %key, reason = %Escaped(reason), "reason of the change");
    }
}

pub(crate) fn would_open(key: &Key, cause: &Cause) {
    line!(info, circuit = %key, cause = %cause.as_str(), "circuit would have opened");
}

pub(crate) fn failed(key: &Key, reason: &Reason) {
    line!(debug, circuit = %key, reason = %Escaped(reason), "call failed");
}

pub(crate) fn panicked(key: &Key, message: &Reason) {
    line!(error, circuit = %key, "call panicked");
    line!(debug, circuit = %key, panic = %Escaped(message), "message of the panic");
}

pub(crate) fn policies_disagree(key: &Key, first: &Policy, second: &Policy) {
    line!(
        warn, circuit = %key, kept = %first, ignored = %second,
        "two call sites disagree on a circuit's policy; the first one is kept"
    );
}

/// `calls` is the number of calls since the last such line.
pub(crate) fn unguarded(key: KeyRef<'_>, why: &dyn fmt::Display, calls: u64) {
    line!(error, circuit = %key, why = %why, calls, "no circuit could be created; calls run unguarded");
}

/// `calls` is the number of calls since the last such line.
pub(crate) fn overflowed(key: KeyRef<'_>, overflow: &Key, why: &dyn fmt::Display, calls: u64) {
    line!(
        error, circuit = %key, overflow = %overflow, why = %why, calls,
        "no circuit could be created; calls share the overflow circuit"
    );
}

/// Once for each time that a queue fills up.
pub(crate) fn events_lost(handlers: u32) {
    line!(error, handlers, "events are dropped, because the queues of slow handlers are full (1,024 events each)");
}

#[cfg(feature = "metrics")]
pub(crate) fn recorder_panicked() {
    line!(error, "the metrics recorder panicked");
}

#[cfg(feature = "metrics")]
pub(crate) fn metrics_selection_panicked() {
    line!(error, "a function that says how metrics show a circuit panicked");
}

pub(crate) fn waker_panicked() {
    line!(error, "the waker of a task that awaits events panicked");
}

pub(crate) fn handler_panicked_in_drop() {
    line!(error, "an event handler panicked when it was dropped");
}

/// The listener of a fleet.
pub(crate) fn peer_panicked(key: KeyRef<'_>) {
    line!(error, circuit = %key, "the peer of a registry panicked");
}

pub(crate) fn handler_panicked(key: &Key) {
    line!(error, circuit = %key, "an event handler panicked");
}
