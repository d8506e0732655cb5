use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
#[circuit_breaker(identifier = "payment_api")]
struct Payment; //~ ERROR

fn main() {}
