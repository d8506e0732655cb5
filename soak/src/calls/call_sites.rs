//! Annotated functions with inline policies of every kind, each in a sync and an async form that
//! share a circuit.

use std::pin::Pin;

use breaker_box::{Outcome, Policy, Window, circuit_breaker};

use super::annotated_error::AnnotatedError;
use crate::expected_totals::Profile;
use crate::tracked_call::{Intent, TrackedCall};

/// A circuit and its two annotated functions.
#[derive(Debug)]
pub(crate) struct CallSite {
    pub(crate) identifier: &'static str,
    pub(crate) profile: Profile,
    pub(crate) call: fn(&TrackedCall, Intent),
    pub(crate) call_async: for<'a> fn(&'a TrackedCall, Intent, u32) -> Running<'a>,
}

type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A call site with an error handler.
macro_rules! with_handler {
    ($identifier:literal, $profile:expr, $($options:tt)*) => {{
        #[circuit_breaker(identifier = $identifier, error_handler = |_| intent.outcome(), $($options)*)]
        fn call(tracked: &TrackedCall, intent: Intent) -> Result<u32, AnnotatedError> {
            Ok(tracked.run(intent)?)
        }

        #[circuit_breaker(identifier = $identifier, error_handler = |_| intent.outcome(), $($options)*)]
        async fn call_async(tracked: &TrackedCall, intent: Intent, waits: u32) -> Result<u32, AnnotatedError> {
            Ok(tracked.run_async(intent, waits).await?)
        }

        CallSite {
            identifier: $identifier,
            profile: $profile,
            call: |tracked, intent| drop(call(tracked, intent)),
            call_async: |tracked, intent, waits| Box::pin(async move { drop(call_async(tracked, intent, waits).await) }),
        }
    }};
}

/// A call site with the default classification.
macro_rules! with_default {
    ($identifier:literal, $profile:expr, $($options:tt)*) => {{
        #[circuit_breaker(identifier = $identifier, $($options)*)]
        fn call(tracked: &TrackedCall, intent: Intent) -> Result<u32, AnnotatedError> {
            Ok(tracked.run(intent)?)
        }

        #[circuit_breaker(identifier = $identifier, $($options)*)]
        async fn call_async(tracked: &TrackedCall, intent: Intent, waits: u32) -> Result<u32, AnnotatedError> {
            Ok(tracked.run_async(intent, waits).await?)
        }

        CallSite {
            identifier: $identifier,
            profile: $profile,
            call: |tracked, intent| drop(call(tracked, intent.plain())),
            call_async: |tracked, intent, waits| {
                Box::pin(async move { drop(call_async(tracked, intent.plain(), waits).await) })
            },
        }
    }};
}

/// A policy with options that the attribute does not have.
const CONSTANT_POLICY: Policy = Policy::failure_rate(0.5, Window::calls(50))
    .minimum_calls(10)
    .or_consecutive_failures(20)
    .progressive_expiry(std::time::Duration::from_millis(1), 2.0, std::time::Duration::from_millis(20));

/// All call sites.
pub(crate) static CALL_SITES: &[CallSite] = &[
    with_handler!("site:consecutive", Profile::Plain, failure_threshold = 5, expiry = "2ms"),
    with_default!("site:consecutive reported", Profile::Plain, failure_threshold = 3, expiry = "1ms"),
    with_handler!("site:within", Profile::Plain, failures = 10, within = "20ms", expiry = "2ms"),
    with_handler!("site:within many", Profile::Plain, failures = 2_000, within = "1s", expiry = "2ms"),
    with_handler!("site:rate of calls", Profile::Plain, failure_rate = 0.5, window = 100, expiry = "2ms"),
    with_default!(
        "site:rate of time",
        Profile::Plain,
        failure_rate = 0.3,
        window = "20ms",
        minimum_calls = 10,
        expiry = "2ms"
    ),
    with_handler!("site:slow", Profile::Plain, slow_call_rate = 0.8, slow_call = "1h", window = 50, expiry = "2ms"),
    with_handler!(
        "site:both rates",
        Profile::Plain,
        failure_rate = 0.4,
        slow_call_rate = 0.5,
        slow_call = "1h",
        window = "50ms",
        minimum_calls = 5,
        expiry = "1ms",
    ),
    with_handler!("site:debounced", Profile::Plain, failure_threshold = 3, debounce = "1ms", expiry = "2ms"),
    with_default!(
        "site:progressive",
        Profile::Plain,
        failure_threshold = 2,
        expiry = "1ms",
        backoff_factor = 2.0,
        max_expiry = "15ms",
        jitter = 0.5,
    ),
    with_handler!(
        "site:probes",
        Profile::Plain,
        failure_threshold = 2,
        expiry = "1ms",
        half_open_max_calls = 4,
        success_threshold = 3,
        half_open_failure_threshold = 2,
        half_open_timeout = "5ms",
    ),
    with_handler!("site:without probes", Profile::Plain, failure_threshold = 4, expiry = "1ms", close_on_expiry),
    with_handler!("site:cancelled", Profile::CancelFails, failure_threshold = 4, expiry = "1ms", on_cancel = "failure"),
    with_handler!("site:constant", Profile::Plain, policy = CONSTANT_POLICY),
    optional(),
    answered(),
];

/// A call site that returns an `Option`.
const fn optional() -> CallSite {
    #[circuit_breaker(identifier = "site:optional", failure_threshold = 2, expiry = "1ms", error_handler = Option::is_some)]
    fn call(tracked: &TrackedCall, intent: Intent) -> Option<u32> {
        tracked.run(intent).ok()
    }

    #[circuit_breaker(identifier = "site:optional", failure_threshold = 2, expiry = "1ms", error_handler = Option::is_some)]
    async fn call_async(tracked: &TrackedCall, intent: Intent, waits: u32) -> Option<u32> {
        tracked.run_async(intent, waits).await.ok()
    }

    CallSite {
        identifier: "site:optional",
        profile: Profile::Plain,
        call: |tracked, intent| ignore(call(tracked, intent.plain())),
        call_async: |tracked, intent, waits| {
            Box::pin(async move { ignore(call_async(tracked, intent.plain(), waits).await) })
        },
    }
}

/// A call site with a fallback.
const fn answered() -> CallSite {
    #[circuit_breaker(
        identifier = "site:answered",
        failure_threshold = 2,
        expiry = "1ms",
        error_handler = |_| intent.outcome(),
        fallback = |open| u32::from(open.retry_after().is_some()),
    )]
    fn call(tracked: &TrackedCall, intent: Intent) -> u32 {
        tracked.run(intent).unwrap_or(0)
    }

    #[circuit_breaker(
        identifier = "site:answered",
        failure_threshold = 2,
        expiry = "1ms",
        error_handler = |_| -> Outcome { intent.outcome() },
        fallback = async |open| u32::from(open.retry_after().is_some()),
    )]
    async fn call_async(tracked: &TrackedCall, intent: Intent, waits: u32) -> u32 {
        tracked.run_async(intent, waits).await.unwrap_or(0)
    }

    CallSite {
        identifier: "site:answered",
        profile: Profile::Plain,
        call: |tracked, intent| ignore(call(tracked, intent)),
        call_async: |tracked, intent, waits| Box::pin(async move { ignore(call_async(tracked, intent, waits).await) }),
    }
}

/// The tracked call knows the result.
const fn ignore<T: Copy>(_: T) {}
