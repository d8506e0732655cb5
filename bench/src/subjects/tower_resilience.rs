//! tower-resilience-circuitbreaker 0.14: asynchronous only. Its time window walks a record for each
//! call in it at each call, so that its figures there say more about the number of records than
//! about the call; it is measured in the count cases.

use std::time::Duration;

use tokio::runtime::Builder;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerLayer, DefaultClassifier};

use super::expiries::LONG_EXPIRY;
use crate::case::{ASYNC, ASYNC_OPEN, Case, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, SLOW, Side, TASKS};
use crate::guarded_function::{ChargesLater, GuardedFuture, Ready};
use crate::run::{AsyncSubject, awaited, tasks};

const TOWER: (Side, &str) = (Side::Peer, "tower-resilience");
const IN_A_ROW: &str = "consecutive_failures(5), wait_duration_in_open(1 h)";
const SLOW_CALLS: &str =
    "slow_call_duration_threshold(2 s), slow_call_rate_threshold(0.5), sliding_window_size(100), async";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(ASYNC, TOWER, IN_A_ROW, || awaited(in_a_row::<Ready>())),
        Case::new(ASYNC_OPEN, TOWER, IN_A_ROW, || awaited(open::<Ready>())),
        Case::new(TASKS, TOWER, IN_A_ROW, || tasks(in_a_row::<Ready>())),
        Case::new(SLOW, TOWER, SLOW_CALLS, || awaited(slow_calls())),
        Case::new(REALISTIC_ASYNC, TOWER, IN_A_ROW, || awaited(in_a_row::<ChargesLater>())),
        Case::new(REALISTIC_ASYNC_OPEN, TOWER, IN_A_ROW, || awaited(open::<ChargesLater>())),
    ]
}

type Breaker<S> = CircuitBreaker<S, DefaultClassifier>;

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
    let layer = CircuitBreakerLayer::builder().consecutive_failures(5).wait_duration_in_open(LONG_EXPIRY).build();
    Shared(layer.expect("a valid configuration").layer(service_fn(F::call)))
}

fn slow_calls() -> impl AsyncSubject<Ready> {
    let layer = CircuitBreakerLayer::builder()
        .slow_call_duration_threshold(Duration::from_secs(2))
        .slow_call_rate_threshold(0.5)
        .sliding_window_size(100)
        .wait_duration_in_open(LONG_EXPIRY)
        .build();
    Shared(layer.expect("a valid configuration").layer(service_fn(Ready::call)))
}

fn open<F: GuardedFuture>() -> impl AsyncSubject<F> {
    let breaker = in_a_row::<F>();
    Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(breaker.0.force_open());
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
