//! Annotated functions with inline policies of every kind, each in a sync and an async form that
//! share a circuit.

use std::pin::Pin;

use breaker_box::{Outcome, Policy, Window, circuit_breaker};

use super::refused::Refused;
use crate::ledger::Manner;
use crate::visit::{Intent, Visit};

/// Both functions of a circuit.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) identifier: &'static str,
    pub(crate) manner: Manner,
    pub(crate) call: fn(&Visit, Intent),
    pub(crate) call_async: for<'a> fn(&'a Visit, Intent, u32) -> Running<'a>,
}

type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A site whose results are judged by a handler.
macro_rules! judged {
    ($identifier:literal, $manner:expr, $($options:tt)*) => {{
        #[circuit_breaker(identifier = $identifier, error_handler = |_| intent.outcome(), $($options)*)]
        fn call(visit: &Visit, intent: Intent) -> Result<u32, Refused> {
            Ok(visit.run(intent)?)
        }

        #[circuit_breaker(identifier = $identifier, error_handler = |_| intent.outcome(), $($options)*)]
        async fn call_async(visit: &Visit, intent: Intent, waits: u32) -> Result<u32, Refused> {
            Ok(visit.run_slowly(intent, waits).await?)
        }

        Site {
            identifier: $identifier,
            manner: $manner,
            call: |visit, intent| drop(call(visit, intent)),
            call_async: |visit, intent, waits| Box::pin(async move { drop(call_async(visit, intent, waits).await) }),
        }
    }};
}

/// A site whose results speak for themselves, with a reason for each failure.
macro_rules! reported {
    ($identifier:literal, $manner:expr, $($options:tt)*) => {{
        #[circuit_breaker(identifier = $identifier, $($options)*)]
        fn call(visit: &Visit, intent: Intent) -> Result<u32, Refused> {
            Ok(visit.run(intent)?)
        }

        #[circuit_breaker(identifier = $identifier, $($options)*)]
        async fn call_async(visit: &Visit, intent: Intent, waits: u32) -> Result<u32, Refused> {
            Ok(visit.run_slowly(intent, waits).await?)
        }

        Site {
            identifier: $identifier,
            manner: $manner,
            call: |visit, intent| drop(call(visit, intent.plain())),
            call_async: |visit, intent, waits| {
                Box::pin(async move { drop(call_async(visit, intent.plain(), waits).await) })
            },
        }
    }};
}

/// Anything may stand in a constant.
const WRITTEN_ELSEWHERE: Policy = Policy::failure_rate(0.5, Window::calls(50))
    .minimum_calls(10)
    .or_consecutive_failures(20)
    .progressive_expiry(std::time::Duration::from_millis(1), 2.0, std::time::Duration::from_millis(20));

/// All of them.
pub(crate) static SITES: &[Site] = &[
    judged!("site:consecutive", Manner::Plain, failure_threshold = 5, expiry = "2ms"),
    reported!("site:consecutive reported", Manner::Plain, failure_threshold = 3, expiry = "1ms"),
    judged!("site:within", Manner::Plain, failures = 10, within = "20ms", expiry = "2ms"),
    judged!("site:within many", Manner::Plain, failures = 2_000, within = "1s", expiry = "2ms"),
    judged!("site:rate of calls", Manner::Plain, failure_rate = 0.5, window = 100, expiry = "2ms"),
    reported!(
        "site:rate of time",
        Manner::Plain,
        failure_rate = 0.3,
        window = "20ms",
        minimum_calls = 10,
        expiry = "2ms"
    ),
    judged!("site:slow", Manner::Plain, slow_call_rate = 0.8, slow_call = "1h", window = 50, expiry = "2ms"),
    judged!(
        "site:both rates",
        Manner::Plain,
        failure_rate = 0.4,
        slow_call_rate = 0.5,
        slow_call = "1h",
        window = "50ms",
        minimum_calls = 5,
        expiry = "1ms",
    ),
    judged!("site:debounced", Manner::Plain, failure_threshold = 3, debounce = "1ms", expiry = "2ms"),
    reported!(
        "site:progressive",
        Manner::Plain,
        failure_threshold = 2,
        expiry = "1ms",
        backoff_factor = 2.0,
        max_expiry = "15ms",
        jitter = 0.5,
    ),
    judged!(
        "site:probes",
        Manner::Plain,
        failure_threshold = 2,
        expiry = "1ms",
        half_open_max_calls = 4,
        success_threshold = 3,
        half_open_failure_threshold = 2,
        half_open_timeout = "5ms",
    ),
    judged!("site:without probes", Manner::Plain, failure_threshold = 4, expiry = "1ms", close_on_expiry),
    judged!("site:cancelled", Manner::CancelFails, failure_threshold = 4, expiry = "1ms", on_cancel = "failure"),
    judged!("site:constant", Manner::Plain, policy = WRITTEN_ELSEWHERE),
    optional(),
    answered(),
];

/// A site without an error: nothing is ignored.
const fn optional() -> Site {
    #[circuit_breaker(identifier = "site:optional", failure_threshold = 2, expiry = "1ms", error_handler = Option::is_some)]
    fn call(visit: &Visit, intent: Intent) -> Option<u32> {
        visit.run(intent).ok()
    }

    #[circuit_breaker(identifier = "site:optional", failure_threshold = 2, expiry = "1ms", error_handler = Option::is_some)]
    async fn call_async(visit: &Visit, intent: Intent, waits: u32) -> Option<u32> {
        visit.run_slowly(intent, waits).await.ok()
    }

    Site {
        identifier: "site:optional",
        manner: Manner::Plain,
        call: |visit, intent| ignore(call(visit, intent.plain())),
        call_async: |visit, intent, waits| {
            Box::pin(async move { ignore(call_async(visit, intent.plain(), waits).await) })
        },
    }
}

/// A site that has an answer while its circuit is open.
const fn answered() -> Site {
    #[circuit_breaker(
        identifier = "site:answered",
        failure_threshold = 2,
        expiry = "1ms",
        error_handler = |_| intent.outcome(),
        fallback = |open| u32::from(open.retry_after().is_some()),
    )]
    fn call(visit: &Visit, intent: Intent) -> u32 {
        visit.run(intent).unwrap_or(0)
    }

    #[circuit_breaker(
        identifier = "site:answered",
        failure_threshold = 2,
        expiry = "1ms",
        error_handler = |_| -> Outcome { intent.outcome() },
        fallback = async |open| u32::from(open.retry_after().is_some()),
    )]
    async fn call_async(visit: &Visit, intent: Intent, waits: u32) -> u32 {
        visit.run_slowly(intent, waits).await.unwrap_or(0)
    }

    Site {
        identifier: "site:answered",
        manner: Manner::Plain,
        call: |visit, intent| ignore(call(visit, intent)),
        call_async: |visit, intent, waits| Box::pin(async move { ignore(call_async(visit, intent, waits).await) }),
    }
}

/// What a call answers, its visit knows.
const fn ignore<T: Copy>(_: T) {}
