use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failure_threshold = 3,
    hung_calls = 10,
    hung_after = "30s",
    on_cancel = "slow", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
