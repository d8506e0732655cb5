//! Tower's own layers above and below the breaker.

use std::convert::Infallible;
use std::future::{self, Ready, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use breaker_box::{CircuitOpenError, Policy, State};
use breaker_box_tower::{BoxError, CircuitBreakerLayer};
use tower::buffer::BufferLayer;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::load_shed::error::Overloaded;
use tower::retry::{Policy as Retries, RetryLayer};
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{ONE, breaker, half_open, seconds};

/// Tries so many times in all, whatever the error, unless a circuit is open.
#[derive(Clone)]
struct Attempts(u32);

impl<T> Retries<u32, T, BoxError> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u32, result: &mut Result<T, BoxError>) -> Option<Ready<()>> {
        let error = result.as_ref().err()?;
        self.0 -= 1;
        (self.0 > 0 && !error.is::<CircuitOpenError>()).then(|| future::ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

/// A service that always fails, and how often it was asked.
fn down() -> (impl Service<u32, Response = u32, Error = BoxError, Future: Send> + Clone + Send + 'static, Arc<AtomicU32>)
{
    let asked = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&asked);
    let service = service_fn(move |_| {
        counts.fetch_add(1, Ordering::Relaxed);
        future::ready(Err(BoxError::from("down")))
    });
    (service, asked)
}

#[tokio::test]
async fn a_retry_above_asks_the_circuit_for_each_attempt_and_stops_when_it_opens() {
    let (breaker, _) = breaker(Policy::consecutive_failures(3));
    let (down, asked) = down();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(Attempts(10)))
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .service(down);
    let error = service.oneshot(1).await.unwrap_err();
    assert!(error.is::<CircuitOpenError>(), "{error}");
    assert_eq!((asked.load(Ordering::Relaxed), breaker.status().totals.failures), (3, 3));
}

#[tokio::test]
async fn a_retry_below_is_one_call_of_the_circuit() {
    let (breaker, _) = breaker(Policy::new());
    let (down, asked) = down();
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .layer(RetryLayer::new(Attempts(4)))
        .service(down);
    assert_eq!(service.oneshot(1).await.unwrap_err().to_string(), "down");
    assert_eq!((asked.load(Ordering::Relaxed), breaker.status().totals.failures), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_a_failure() {
    let (breaker, _) = breaker(ONE);
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .layer(TimeoutLayer::new(seconds(2)))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    assert!(service.oneshot(()).await.unwrap_err().is::<Elapsed>());
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "request timed out");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_cancels_and_frees_the_probes_slot() {
    let (breaker, _) = half_open(ONE);
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::new(seconds(2)))
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    assert!(service.oneshot(()).await.unwrap_err().is::<Elapsed>());
    assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::HalfOpen, 1));
    assert!(breaker.is_available());
}

#[tokio::test]
async fn a_buffer_above_lets_many_tasks_share_one_guarded_service() {
    let (breaker, _) = breaker(Policy::consecutive_failures(5));
    let (down, asked) = down();
    let service = ServiceBuilder::new()
        .layer(BufferLayer::new(32))
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .service(down);
    let tasks: Vec<_> = (0..100).map(|n| tokio::spawn(service.clone().oneshot(n))).collect();
    let mut rejected = 0;
    for task in tasks {
        rejected += u64::from(task.await.unwrap().unwrap_err().is::<CircuitOpenError>());
    }
    let totals = breaker.status().totals;
    assert_eq!(totals.rejected, rejected);
    assert_eq!(u64::from(asked.load(Ordering::Relaxed)), totals.failures + totals.late);
    assert_eq!(totals.failures + totals.late + totals.rejected, 100);
    assert!(totals.failures >= 5);
}

#[tokio::test]
async fn a_buffer_below_fails_the_call_and_not_the_readiness() {
    let (breaker, _) = breaker(Policy::new());
    let (down, _) = down();
    let mut service =
        ServiceBuilder::new().layer(CircuitBreakerLayer::new(breaker.clone())).layer(BufferLayer::new(4)).service(down);
    for _ in 0..3 {
        assert_eq!(service.ready().await.unwrap().call(1).await.unwrap_err().to_string(), "down");
    }
    assert_eq!(breaker.status().totals.failures, 3);
}

#[tokio::test]
async fn load_shed_above_answers_for_an_inner_service_that_is_not_ready() {
    let (breaker, _) = breaker(ONE);
    let mut service = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    let mut other = service.clone();
    let _in_flight = service.ready().await.unwrap().call(());
    assert!(other.ready().await.unwrap().call(()).await.unwrap_err().is::<Overloaded>());
    let totals = breaker.status().totals;
    assert_eq!((totals.failures, totals.rejected, breaker.state()), (0, 0, State::Closed));
}

#[tokio::test]
async fn load_shed_below_is_a_failure_of_the_dependency() {
    let (breaker, _) = breaker(ONE);
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    let mut other = service.clone();
    let _in_flight = service.ready().await.unwrap().call(());
    assert!(other.ready().await.unwrap().call(()).await.unwrap_err().is::<Overloaded>());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn a_layer_that_is_optional_or_boxed_guards_all_the_same() {
    let (breaker, _) = breaker(ONE);
    let (down, _) = down();
    let service =
        ServiceBuilder::new().option_layer(Some(CircuitBreakerLayer::new(breaker.clone()))).service(down).boxed_clone();
    service.clone().oneshot(1).await.unwrap_err();
    assert!(service.oneshot(1).await.unwrap_err().is::<CircuitOpenError>());
}

#[tokio::test]
async fn an_open_circuit_further_in_is_no_failure_of_the_one_around_it() {
    let ((outer, _), (inner, _)) = (breaker(ONE), breaker(ONE));
    inner.open();
    let (down, asked) = down();
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(outer.clone()))
        .layer(TimeoutLayer::new(seconds(2)))
        .layer(CircuitBreakerLayer::new(inner.clone()))
        .service(down);
    assert!(service.clone().oneshot(1).await.unwrap_err().is::<CircuitOpenError>());
    assert_eq!((outer.state(), outer.status().totals.ignored), (State::Closed, 1));
    inner.reset();
    assert_eq!(service.oneshot(1).await.unwrap_err().to_string(), "down");
    assert_eq!((outer.state(), inner.state(), asked.load(Ordering::Relaxed)), (State::Open, State::Open, 1));
}

#[tokio::test]
async fn an_open_circuit_within_the_service_is_no_failure_either() {
    let ((outer, _), (inner, _)) = (breaker(ONE), breaker(ONE));
    inner.open();
    let service = service_fn(move |()| future::ready(inner.try_acquire().map(breaker_box::Permit::success)));
    CircuitBreakerLayer::new(outer.clone()).layer(service).oneshot(()).await.unwrap_err();
    assert_eq!((outer.state(), outer.status().totals.ignored), (State::Closed, 1));
}
