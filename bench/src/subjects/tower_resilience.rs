//! tower-resilience-circuitbreaker 0.14: asynchronous only. Its time window walks a record for each
//! call in it at each call, so that its figures there say more about the number of records than
//! about the call; it is measured in the count cases.

use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Builder;
use tower::{Layer as _, Service, ServiceExt};
use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerLayer, DefaultClassifier};

use super::expiries::LONG_EXPIRY;
use crate::case::{ASYNC, ASYNC_OPEN, Case, SLOW, Side, TASKS};
use crate::guarded_function::{Broken, GuardedFunction as _, Succeeds};
use crate::run::{AsyncSubject, awaited, tasks};

const TOWER: (Side, &str) = (Side::Peer, "tower-resilience");
const IN_A_ROW: &str = "consecutive_failures(5), wait_duration_in_open(1 h)";
const SLOW_CALLS: &str =
    "slow_call_duration_threshold(2 s), slow_call_rate_threshold(0.5), sliding_window_size(100), async";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(ASYNC, TOWER, IN_A_ROW, || awaited(in_a_row())),
        Case::new(ASYNC_OPEN, TOWER, IN_A_ROW, || awaited(open())),
        Case::new(TASKS, TOWER, IN_A_ROW, || tasks(in_a_row())),
        Case::new(SLOW, TOWER, SLOW_CALLS, || awaited(slow_calls())),
    ]
}

type Breaker = CircuitBreaker<Guarded, DefaultClassifier>;

/// The guarded function as a service.
#[derive(Clone)]
struct Guarded;

impl Service<u64> for Guarded {
    type Response = u64;
    type Error = Broken;
    type Future = Ready<Result<u64, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, turn: u64) -> Self::Future {
        ready(Succeeds::call(turn))
    }
}

fn in_a_row() -> Breaker {
    let layer = CircuitBreakerLayer::builder().consecutive_failures(5).wait_duration_in_open(LONG_EXPIRY).build();
    layer.expect("a valid configuration").layer(Guarded)
}

fn slow_calls() -> Breaker {
    let layer = CircuitBreakerLayer::builder()
        .slow_call_duration_threshold(Duration::from_secs(2))
        .slow_call_rate_threshold(0.5)
        .sliding_window_size(100)
        .wait_duration_in_open(LONG_EXPIRY)
        .build();
    layer.expect("a valid configuration").layer(Guarded)
}

fn open() -> Breaker {
    let breaker = in_a_row();
    Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(breaker.force_open());
    assert!(breaker.is_open(), "tower-resilience is open");
    breaker
}

impl AsyncSubject for Breaker {
    async fn make_call(&mut self, turn: u64) -> bool {
        match ServiceExt::<u64>::ready(self).await {
            Ok(service) => service.call(turn).await.is_ok(),
            Err(_) => false,
        }
    }
}
