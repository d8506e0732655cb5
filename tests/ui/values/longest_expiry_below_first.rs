use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    max_expiry = "10s", //~ ERROR
    backoff_factor = 2.0,
    expiry = "30s",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
