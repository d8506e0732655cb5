//! One line of the table: a subject in a situation.

use std::fmt::Display;

use crate::run::Run;

/// A situation that several subjects are measured in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The numbers of threads on one breaker.
    pub(crate) threads: &'static [usize],
}

/// Declares the groups, and lists them in this order.
macro_rules! groups {
    ($($constant:ident = $name:literal, $title:literal, $threads:expr;)*) => {
        $(pub(crate) const $constant: &Group = &Group { name: $name, title: $title, threads: &$threads };)*

        /// All groups, in the order of the table.
        pub(crate) const GROUPS: &[&Group] = &[$($constant),*];
    };
}

groups! {
    CONSECUTIVE = "consecutive", "Closed, every call succeeds, consecutive failures are counted", [1, 2, 4, 8];
    CALLS = "calls", "Closed, every call succeeds, window of 100 calls", [1, 2, 4, 8];
    TIME = "time", "Closed, every call succeeds, time window of 10 s", [1, 2, 4, 8];
    SLOW = "slow", "Closed, every call succeeds and is timed: slow calls in a window of 100", [1, 2];
    HUNG_CALLS = "hung-calls", "Closed, every call succeeds, and the calls in flight are listed: hung calls", [1, 2];
    CALLS_1 = "calls-1", "1 % failing, window of 100 calls", [1, 2];
    CALLS_25 = "calls-25", "25 % failing, window of 100 calls", [1, 2];
    TIME_1 = "time-1", "1 % failing, time window of 10 s", [1, 2];
    TIME_25 = "time-25", "25 % failing, time window of 10 s", [1, 2];
    CONSECUTIVE_FAIL = "consecutive-fail", "Every call fails, the consecutive limit is out of reach", [1, 2];
    CALLS_FAIL = "calls-fail", "9 in 10 failing, window of 100 calls, the limit is 100 %", [1, 2];
    TIME_FAIL = "time-fail", "Every call fails, time window of 10 s, the minimum of calls is out of reach", [1, 2];
    PERMIT = "permit", "Closed, asked before and settled after by hand, every call succeeds", [1, 2];
    OPENING = "opening", "5 of 6 failing: it opens at 5 in a row for a nanosecond, lets a probe through, and closes, again and again", [1, 2, 8];
    OPEN = "open", "Open: the call is rejected", [1, 2];
    HALF_OPEN = "half-open", "Half-open with its probe in flight: the call is rejected", [1, 2];
    PROBES = "probes", "Half-open: every call is admitted as a probe and succeeds; so many successes never come that it would close", [1, 2];
    ASYNC = "async", "Async, ready future, closed, a current-thread runtime per thread", [1, 2];
    ASYNC_FAIL = "async-fail", "Async, ready future, every call fails, the consecutive limit is out of reach", [1, 2];
    ASYNC_OPEN = "async-open", "Async, open, a current-thread runtime per thread", [1, 2];
    TASKS = "tasks", "Async, ready future, closed, 64 tasks in one runtime with two workers", [1];
    NAMES_10 = "names-10", "By name among 10 circuits", [1, 2];
    NAMES_10K = "names-10k", "By name among 10,000 circuits", [1, 2];
    NAMES_1M = "names-1m", "By name among 1,000,000 circuits", [1, 2];
    KEYED = "keyed", "Through the identifier \"shop:{id}\", 1,000 shops", [1, 2];
    REALISTIC = "realistic", "A function compiled apart returns a receipt of 72 bytes, every call succeeds", [1, 2, 4];
    REALISTIC_INLINED = "realistic-inlined", "The same function, inlined", [1, 2];
    REALISTIC_FAIL = "realistic-fail", "A function compiled apart returns an error of 72 bytes, the consecutive limit is out of reach", [1, 2];
    REALISTIC_OPEN = "realistic-open", "Open: the call that would return a receipt is rejected", [1, 2];
    REALISTIC_ASYNC = "realistic-async", "A future that holds a kilobyte and is pending three times returns a receipt, closed", [1, 2];
    REALISTIC_ASYNC_OPEN = "realistic-async-open", "Open: the future that would return a receipt is rejected", [1, 2];
    SUBSCRIBED = "subscribed", "Closed, every call succeeds, somebody subscribed to other events", [1, 2];
}

/// Where a subject comes from: what the table compares with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The function alone, or a map alone: the limit.
    Limit,
    /// This library.
    Ours,
    /// Another crate, or a hand-written mutex.
    Peer,
}

/// A subject in a situation.
pub(crate) struct Case {
    pub(crate) group: &'static Group,
    pub(crate) subject: &'static str,
    pub(crate) side: Side,
    /// How it is set up, in the words of its own interface.
    pub(crate) configuration: String,
    /// Makes a fresh one.
    pub(crate) make: Box<dyn Fn() -> Box<dyn Run>>,
}

impl Case {
    pub(crate) fn new(
        group: &'static Group,
        (side, subject): (Side, &'static str),
        configuration: impl Into<String>,
        make: impl Fn() -> Box<dyn Run> + 'static,
    ) -> Self {
        Self { group, subject, side, configuration: configuration.into(), make: Box::new(make) }
    }

    /// What it is called on the command line.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.group.name, self.subject)
    }
}

/// A number of threads.
pub(crate) fn threads_in_words(threads: impl Display) -> String {
    let number = threads.to_string();
    if number == "1" { "1 thread".to_owned() } else { format!("{number} threads") }
}
