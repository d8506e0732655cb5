use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    hung_calls = 0, //~ ERROR
    hung_after = "30s",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
