use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    ramp_up = "30s",
    ramp_up_from = 0.0, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
