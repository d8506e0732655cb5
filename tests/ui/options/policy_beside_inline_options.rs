use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    policy = breaker_box::Policy::new(),
    expiry = "20s", //~ ERROR
    jitter = 0.1,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
