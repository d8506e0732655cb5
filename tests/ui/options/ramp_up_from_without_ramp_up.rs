use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    ramp_up_from = 0.2, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
