use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    window = 0, //~ ERROR
    failure_rate = 0.5,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
