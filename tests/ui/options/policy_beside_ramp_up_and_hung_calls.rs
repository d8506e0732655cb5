use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    policy = breaker_box::Policy::new(),
    ramp_up = "30s", //~ ERROR
    hung_calls = 10,
    hung_after = "30s",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
