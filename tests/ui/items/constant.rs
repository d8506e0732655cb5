use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
const PAYMENT: u32 = 5; //~ ERROR

fn main() {}
