//! Orders, given to the real breaker.

use breaker_box::CircuitBreaker;

use super::terms::Order;

pub(crate) fn give(breaker: &CircuitBreaker, order: Order, because: Option<&'static str>) {
    match (order, because) {
        (Order::Open, None) => breaker.open(),
        (Order::Open, Some(reason)) => breaker.open_because(reason),
        (Order::OpenFor(duration), None) => breaker.open_for(duration),
        (Order::OpenFor(duration), Some(reason)) => breaker.open_for_because(duration, reason),
        (Order::ForceOpen, None) => breaker.force_open(),
        (Order::ForceOpen, Some(reason)) => breaker.force_open_because(reason),
        (Order::Close, None) => breaker.close(),
        (Order::Close, Some(reason)) => breaker.close_because(reason),
        (Order::Reset, None) => breaker.reset(),
        (Order::Reset, Some(reason)) => breaker.reset_because(reason),
        (Order::Disable, None) => breaker.disable(),
        (Order::Disable, Some(reason)) => breaker.disable_because(reason),
        (Order::MetricsOnly, None) => breaker.metrics_only(),
        (Order::MetricsOnly, Some(reason)) => breaker.metrics_only_because(reason),
    }
}
