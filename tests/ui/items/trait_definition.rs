use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
trait Payment {} //~ ERROR

fn main() {}
