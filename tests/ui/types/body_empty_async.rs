use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
async fn pay() -> Option<u32> {} //~ ERROR

fn main() {}
