use breaker_box::{Policy, circuit_breaker};

#[circuit_breaker(
    identifier = "payment_api",
    policy = Policy::consecutive_failures(limit), //~ ERROR
)]
fn pay(limit: u32) -> Result<u32, String> {
    Ok(limit)
}

fn main() {
    let _ = pay(5);
}
