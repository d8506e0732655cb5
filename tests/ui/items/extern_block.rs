use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
unsafe extern "C" {} //~ ERROR

fn main() {}
