use breaker_box::{CircuitOpenError, circuit_breaker};
use std::pin::Pin;

type Paying<'a> = Pin<Box<dyn Future<Output = Result<u32, CircuitOpenError>> + Send + 'a>>;

#[circuit_breaker(identifier = "payment_api")]
fn pay(card: &str) -> Paying<'_> { //~ ERROR
    Box::pin(async { Ok(u32::from(card.is_empty())) })
}

fn main() {}
