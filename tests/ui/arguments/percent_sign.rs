use breaker_box::circuit_breaker;

#[circuit_breaker(
    failure_rate = 50%, //~ ERROR
    window = 100,
    identifier = "payment_api",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
