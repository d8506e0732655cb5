use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    , //~ ERROR
    failure_threshold = 3,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
