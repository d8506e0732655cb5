use breaker_box::circuit_breaker;
use std::future::{Ready, ready};

#[circuit_breaker(
    identifier = "payment_api",
    error_handler = |_| true,
    fallback = |_| ready(0),
)]
fn pay() -> Ready<u32> { //~ ERROR
    ready(1)
}

fn main() {}
