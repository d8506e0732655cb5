use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    max_expiry = "5m", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
