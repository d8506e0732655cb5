use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    hung_calls = 10,
    hung_after = 30, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
