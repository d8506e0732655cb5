//! tower-resilience-circuitbreaker 0.14: asynchronous only. Its time window walks a record for each
//! call in it at each call, so that its figures there say more about the number of records than
//! about the call; it is measured in the count cases.

use std::future::Future;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfigBuilder, CircuitBreakerLayer, DefaultClassifier,
};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use super::handle::LONGER_THAN_OPEN;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, Case, Group, HALF_OPEN, OPENING, PROBES,
    REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, SLOW, Side, TASKS,
};
use crate::guarded_function::{
    ChargesLater, FailsEvery, GuardedFunction, GuardedFuture, Immediately, Never, Ready, Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, keeping, tasks};

const TOWER: (Side, &str) = (Side::Peer, "tower-resilience");
const IN_A_ROW: &str = "consecutive_failures(5), wait_duration_in_open(1 h)";
const SLOW_CALLS: &str =
    "slow_call_duration_threshold(2 s), slow_call_rate_threshold(0.5), sliding_window_size(100), async";

pub(super) fn cases() -> Vec<Case> {
    vec![
        window::<Succeeds>(CALLS, 0.5),
        window::<FailsEvery<100>>(CALLS_1, 0.5),
        window::<FailsEvery<4>>(CALLS_25, 0.5),
        window::<SucceedsEvery<10>>(CALLS_FAIL, 1.0),
        Case::new(OPENING, TOWER, "consecutive_failures(5), wait_duration_in_open(1 ns), async", || {
            let layer = CircuitBreakerLayer::builder().consecutive_failures(5).wait_duration_in_open(SHORT_EXPIRY);
            awaited(layered::<Immediately<SucceedsEvery<6>>>(layer))
        }),
        Case::new(HALF_OPEN, TOWER, "permitted_calls_in_half_open(1), async, one probe in flight", half_open),
        Case::new(PROBES, TOWER, "permitted_calls_in_half_open(100_000_000), async", probed),
        Case::new(ASYNC_FAIL, TOWER, "consecutive_failures(usize::MAX)", || {
            awaited(layered::<Immediately<FailsEvery<1>>>(
                CircuitBreakerLayer::builder().consecutive_failures(usize::MAX),
            ))
        }),
        Case::new(ASYNC, TOWER, IN_A_ROW, || awaited(in_a_row::<Ready>())),
        Case::new(ASYNC_OPEN, TOWER, IN_A_ROW, || awaited(open::<Ready>())),
        Case::new(TASKS, TOWER, IN_A_ROW, || tasks(in_a_row::<Ready>())),
        Case::new(SLOW, TOWER, SLOW_CALLS, || awaited(slow_calls())),
        Case::new(REALISTIC_ASYNC, TOWER, IN_A_ROW, || awaited(in_a_row::<ChargesLater>())),
        Case::new(REALISTIC_ASYNC_OPEN, TOWER, IN_A_ROW, || awaited(open::<ChargesLater>())),
    ]
}

type Breaker<S> = CircuitBreaker<S, DefaultClassifier>;
type Builder = CircuitBreakerConfigBuilder<DefaultClassifier>;

/// The guarded function as a service.
trait Guarded<F: GuardedFuture>:
    Service<u64, Response = F::Value, Error = F::Error, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<F, S> Guarded<F> for S
where
    F: GuardedFuture,
    S: Service<u64, Response = F::Value, Error = F::Error, Future: Send + 'static> + Clone + Send + 'static,
{
}

fn in_a_row<F: GuardedFuture>() -> Shared<Breaker<impl Guarded<F>>> {
    layered::<F>(CircuitBreakerLayer::builder().consecutive_failures(5).wait_duration_in_open(LONG_EXPIRY))
}

fn layered<F: GuardedFuture>(builder: Builder) -> Shared<Breaker<impl Guarded<F>>> {
    Shared(builder.build().expect("a valid configuration").layer(service_fn(F::call)))
}

fn window<L: GuardedFunction>(group: &'static Group, rate: f64) -> Case {
    let shown = format!("failure_rate_threshold({rate:.1}), sliding_window_size(100), async");
    Case::new(group, TOWER, shown, move || {
        let builder = CircuitBreakerLayer::builder().failure_rate_threshold(rate).sliding_window_size(100);
        awaited(layered::<Immediately<L>>(builder.wait_duration_in_open(LONG_EXPIRY)))
    })
}

/// Opens it, and waits until it lets probes through.
fn expired<F: GuardedFuture>(probes: usize) -> Shared<Breaker<impl Guarded<F>>> {
    let builder = CircuitBreakerLayer::builder().consecutive_failures(5).permitted_calls_in_half_open(probes);
    let breaker = layered::<F>(builder.wait_duration_in_open(Duration::from_millis(1)));
    runtime().block_on(breaker.0.force_open());
    thread::sleep(LONGER_THAN_OPEN);
    breaker
}

/// With a probe that never ends.
fn half_open() -> Box<dyn Run> {
    let mut breaker = expired::<Never>(1);
    let mut probe = Box::pin(breaker.0.call(0));
    assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the probe is in flight");
    keeping(probe, awaited::<Never>(breaker))
}

fn probed() -> Box<dyn Run> {
    awaited(expired::<Ready>(100_000_000))
}

fn runtime() -> Runtime {
    runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn slow_calls() -> impl AsyncSubject<Ready> {
    let builder = CircuitBreakerLayer::builder()
        .slow_call_duration_threshold(Duration::from_secs(2))
        .slow_call_rate_threshold(0.5)
        .sliding_window_size(100)
        .wait_duration_in_open(LONG_EXPIRY);
    layered::<Ready>(builder)
}

fn open<F: GuardedFuture>() -> impl AsyncSubject<F> {
    let breaker = in_a_row::<F>();
    runtime().block_on(breaker.0.force_open());
    assert!(breaker.0.is_open(), "tower-resilience is open");
    breaker
}

#[derive(Clone)]
struct Shared<S>(S);

impl<F: GuardedFuture, S: Guarded<F>> AsyncSubject<F> for Shared<Breaker<S>> {
    async fn make_call(&mut self, turn: u64) -> bool {
        match self.0.ready().await {
            Ok(service) => F::consume(service.call(turn).await),
            Err(_) => false,
        }
    }
}
