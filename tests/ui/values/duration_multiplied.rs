use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    expiry = 5 * 60, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
