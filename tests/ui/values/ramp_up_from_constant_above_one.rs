use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    ramp_up = "30s",
    ramp_up_from = SHARE, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

const SHARE: f64 = 10.0;
