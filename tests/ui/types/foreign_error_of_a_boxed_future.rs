use breaker_box::circuit_breaker;
use std::pin::Pin;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> Pin<Box<dyn Future<Output = Result<u32, std::fmt::Error>>>> { //~ ERROR
    Box::pin(async { Ok(1) })
}

fn main() {}
