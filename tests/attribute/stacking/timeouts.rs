//! Timeouts: around an annotated function and inside one.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use breaker_box::{Cancellation, ManualClock, Outcome, Policy, Registry, State, circuit_breaker};
use tokio::time::timeout;
use tower::timeout::TimeoutLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{last_reason, registry, registry_and_clock, status};

/// Over as soon as the call has been polled once, so that no test waits.
const AT_ONCE: Duration = Duration::ZERO;

/// A dependency that never answers.
#[circuit_breaker(identifier = "hangs", registry = registry)]
async fn hangs(registry: &Registry) -> Result<(), String> {
    pending().await
}

/// | `timeout(limit, call())` | the call is dropped, and so ignored: a dependency that hangs does not open the circuit |
#[tokio::test]
async fn a_timeout_around_is_a_cancellation_and_ignored() {
    let registry = registry();
    for _ in 0..3 {
        timeout(AT_ONCE, hangs(&registry)).await.unwrap_err();
    }
    let status = status(&registry, "hangs");
    assert_eq!((status.totals.cancelled, status.totals.failures, status.state), (3, 0, State::Closed));
}

/// | `timeout(limit, call())`, with `on_cancel = "slow"` | the call counts as cancelled, and if it has run longer than the slow-call limit, also as a slow failure |
#[tokio::test]
async fn a_timeout_around_is_a_slow_failure_after_the_slow_call_limit() {
    const POLICY: Policy =
        Policy::consecutive_failures(1).fail_slower_than(Duration::from_secs(2)).on_cancel(Cancellation::Slow);

    #[circuit_breaker(identifier = "hangs", registry = registry, policy = POLICY)]
    async fn hangs(registry: &Registry, clock: &ManualClock, long: Duration) -> Result<(), String> {
        clock.advance(long);
        pending().await
    }

    let (registry, clock) = registry_and_clock();
    for (waited, failures) in [(2, 0), (3, 1)] {
        timeout(AT_ONCE, hangs(&registry, &clock, Duration::from_secs(waited))).await.unwrap_err();
        assert_eq!(status(&registry, "hangs").totals.failures, failures, "after {waited} s");
    }
    let status = status(&registry, "hangs");
    assert_eq!((status.totals.cancelled, status.totals.slow, status.state), (2, 1, State::Open));
}

/// | `timeout(limit, call())`, with `on_cancel = "failure"` | the call counts as cancelled and as a failure |
#[tokio::test]
async fn a_timeout_around_is_a_failure_where_the_policy_says_so() {
    #[circuit_breaker(identifier = "hangs", registry = registry, failure_threshold = 1, on_cancel = "failure")]
    async fn hangs(registry: &Registry) -> Result<(), String> {
        pending().await
    }

    let registry = registry();
    timeout(AT_ONCE, hangs(&registry)).await.unwrap_err();
    let status = status(&registry, "hangs");
    assert_eq!((status.totals.cancelled, status.totals.failures, status.state), (1, 1, State::Open));
}

/// | the same, circuit half-open | the probe frees its slot without a verdict, and the circuit stays half-open until another probe gives one |
#[tokio::test]
async fn a_probe_that_is_dropped_leaves_the_verdict_to_another() {
    let (registry, clock) = registry_and_clock();
    let hour = Duration::from_secs(3_600);
    let policy = Policy::new().half_open_timeout(hour);
    registry.register("hangs", policy).unwrap().open();
    clock.advance(Duration::from_secs(30));
    for _ in 0..3 {
        timeout(AT_ONCE, hangs(&registry)).await.unwrap_err();
        assert!(registry.is_available("hangs"), "its slot is free");
    }
    assert_eq!((status(&registry, "hangs").totals.cancelled, registry.state("hangs")), (3, State::HalfOpen));
    clock.advance(hour);
    assert_eq!(status(&registry, "hangs").openings, 1, "what says nothing never opens again");
    assert_eq!(registry.state("hangs"), State::HalfOpen);
}

/// | `timeout(limit, …).await` in the body | an `Err` like any other: a failure, which an `error_handler` sees |
#[tokio::test]
async fn a_timeout_inside_is_an_error_like_any_other() {
    #[circuit_breaker(identifier = "plain", registry = registry)]
    async fn plain(registry: &Registry) -> Result<(), String> {
        timeout(AT_ONCE, pending()).await.map_err(|late| late.to_string())
    }

    #[circuit_breaker(identifier = "judged", registry = registry, error_handler = |result| match result {
        Err(late) if late.contains("elapsed") => Outcome::trip_for(Duration::from_secs(7)),
        _ => Outcome::Success,
    })]
    async fn judged(registry: &Registry) -> Result<(), String> {
        timeout(AT_ONCE, pending()).await.map_err(|late| late.to_string())
    }

    let registry = registry();
    assert_eq!(plain(&registry).await.unwrap_err(), "deadline has elapsed");
    assert_eq!(registry.state("plain"), State::Open);
    assert_eq!(last_reason(&registry, "plain").as_deref(), Some("deadline has elapsed"));

    judged(&registry).await.unwrap_err();
    assert_eq!(status(&registry, "judged").retry_after, Some(Duration::from_secs(7)));
}

/// | tower's `TimeoutLayer` around a service that makes the call | as `timeout` around |
#[tokio::test]
async fn a_timeout_layer_around_is_a_cancellation_and_ignored() {
    let registry = registry();
    let service = TimeoutLayer::new(AT_ONCE).layer(service_fn(async |()| hangs(&registry).await));
    let error = service.oneshot(()).await.unwrap_err();
    assert_eq!(error.to_string(), "request timed out");
    let status = status(&registry, "hangs");
    assert_eq!((status.totals.cancelled, status.totals.failures, status.state), (1, 0, State::Closed));
}

/// | tower's `TimeoutLayer` around a service that the body calls | as `timeout` in the body |
#[tokio::test]
async fn a_timeout_layer_inside_is_an_error_like_any_other() {
    #[circuit_breaker(identifier = "inside", registry = registry)]
    async fn inside(registry: &Registry) -> Result<(), String> {
        let service = service_fn(async |()| pending::<Result<(), Infallible>>().await);
        let answer = TimeoutLayer::new(AT_ONCE).layer(service).oneshot(()).await;
        answer.map_err(|error| error.to_string())
    }

    let registry = registry();
    inside(&registry).await.unwrap_err();
    assert_eq!(registry.state("inside"), State::Open);
    assert_eq!(last_reason(&registry, "inside").as_deref(), Some("request timed out"));
}
