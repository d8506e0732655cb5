use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    policy(expiry = "3s"), //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
