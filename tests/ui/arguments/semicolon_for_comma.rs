use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api"; //~ ERROR
    expiry = "10s",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
