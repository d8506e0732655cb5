//! This library, as a layer of tower.

use breaker_box::CircuitBreaker;
use breaker_box_tower::CircuitBreakerLayer;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use super::handle::{self, FIVE, NEVER};
use crate::case::{ASYNC, ASYNC_FAIL, ASYNC_OPEN, Case, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, Side, TASKS};
use crate::guarded_function::{ChargesLater, FailsEvery, GuardedFuture, Immediately, Ready};
use crate::run::{AsyncSubject, awaited, tasks};

const TOWER: (Side, &str) = (Side::Ours, "tower layer");

pub(super) fn cases() -> Vec<Case> {
    let shown = format!("{FIVE}, typed errors");
    vec![
        Case::new(ASYNC, TOWER, &*shown, || awaited(layered::<Ready>(handle::new(FIVE)))),
        Case::new(ASYNC_OPEN, TOWER, &*shown, || awaited(layered::<Ready>(handle::open()))),
        Case::new(TASKS, TOWER, &*shown, || tasks(layered::<Ready>(handle::new(FIVE)))),
        Case::new(ASYNC_FAIL, TOWER, format!("{NEVER}, typed errors"), || {
            awaited(layered::<Immediately<FailsEvery<1>>>(handle::new(NEVER)))
        }),
        Case::new(REALISTIC_ASYNC, TOWER, &*shown, || awaited(layered::<ChargesLater>(handle::new(FIVE)))),
        Case::new(REALISTIC_ASYNC_OPEN, TOWER, shown, || awaited(layered::<ChargesLater>(handle::open()))),
    ]
}

pub(super) fn layered<F: GuardedFuture>(breaker: CircuitBreaker) -> impl AsyncSubject<F> {
    Layered(CircuitBreakerLayer::new(breaker).typed_errors().layer(service_fn(F::call)))
}

#[derive(Clone)]
struct Layered<S>(S);

impl<F, S> AsyncSubject<F> for Layered<S>
where
    F: GuardedFuture,
    S: Service<u64, Response = F::Value, Future: Send, Error: Send> + Clone + Send + 'static,
{
    async fn make_call(&mut self, turn: u64) -> bool {
        match self.0.ready().await {
            Ok(service) => F::consume(service.call(turn).await),
            Err(_) => false,
        }
    }
}
