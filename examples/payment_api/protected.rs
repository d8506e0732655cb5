//! The same functions behind circuit breakers: this file is all that the protection takes.

use breaker_box::http::{Head, server_errors};
use breaker_box::{Outcome, ToOutcome, circuit_breaker};

use crate::client::{self, Balance, Gateway, PaymentError, Rate, Receipt, Risk};

/// Money: no fallback, the customer must know. It opens at five failures in a row, or when the
/// server asks for it, and waits longer each time it finds the server still down.
#[circuit_breaker(
    identifier = "charge",
    failure_threshold = 5,
    expiry = "300ms",
    backoff_factor = 2.0,
    max_expiry = "600ms",
    error_handler = ToOutcome::to_outcome
)]
pub(crate) async fn charge(gateway: &Gateway, order: u64) -> Result<Receipt, PaymentError> {
    client::charge(gateway, order).await
}

/// Not essential: if half of the last six calls are slow, the last known rate is shown.
#[circuit_breaker(
    identifier = "exchange_rate",
    slow_call_rate = 0.5,
    slow_call = "200ms",
    window = 6,
    failure_threshold = 5,
    expiry = "300ms",
    error_handler = ToOutcome::to_outcome,
    fallback = |_open| Ok(Rate::LastKnown),
)]
pub(crate) async fn exchange_rate(gateway: &Gateway) -> Result<Rate, PaymentError> {
    client::exchange_rate(gateway).await
}

/// A sync function, called from threads. Without a handler every `Err` is a failure; it opens when
/// half of the calls fail.
#[circuit_breaker(
    identifier = "risk_score",
    failure_rate = 0.5,
    window = "800ms",
    minimum_calls = 4,
    expiry = "400ms",
    fallback = |_open| Ok(Risk::ReviewByHand),
)]
pub(crate) fn risk_score(gateway: &Gateway, order: u64) -> Result<Risk, PaymentError> {
    client::risk_score(gateway, order)
}

/// A circuit for each shop, so that one failing shop does not affect the others.
#[circuit_breaker(identifier = "shop:{shop_id}", failure_threshold = 3, expiry = "250ms", error_handler = ToOutcome::to_outcome)]
pub(crate) fn shop_balance(gateway: &Gateway, shop_id: u32) -> Result<Balance, PaymentError> {
    client::shop_balance(gateway, shop_id)
}

/// What the client's errors mean to the circuits.
impl ToOutcome for PaymentError {
    fn to_outcome(&self) -> Outcome {
        match self {
            // The server works and says no. A declined card says nothing about the server.
            Self::Declined(_) => Outcome::Ignore,
            // It fails, or asks clients to wait and says for how long.
            Self::Refused { status, headers } => server_errors(&Head::new(*status, headers)),
            // No connection, or no answer in time.
            Self::Lost(error) => server_errors(error),
            Self::CircuitOpen(open) => open.to_outcome(),
        }
    }
}
