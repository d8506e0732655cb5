use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failure_threshold = limit, //~ ERROR
)]
fn pay(limit: u32) -> Result<u32, String> {
    Ok(limit)
}

fn main() {
    let _ = pay(5);
}
