use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    registry = breaker_box::Registry::new(), //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
