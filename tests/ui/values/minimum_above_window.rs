use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    minimum_calls = 101, //~ ERROR
    failure_rate = 0.5,
    window = 100,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
