use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    backoff_factor = 0.5, //~ ERROR
    max_expiry = "5m",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
