use breaker_box::circuit_breaker;

struct Payment;

#[circuit_breaker(identifier = "payment_api")]
impl Payment {} //~ ERROR

fn main() {}
