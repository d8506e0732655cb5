use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
enum Payment {} //~ ERROR

fn main() {}
