use breaker_box::circuit_breaker;
use std::pin::Pin;

type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, std::fmt::Error>>>>;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> BoxFuture<u32> { //~ ERROR
    Box::pin(async { Ok(1) })
}

fn main() {}
