use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
mod payment {} //~ ERROR

fn main() {}
