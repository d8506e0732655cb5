use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failure_rate = 50, //~ ERROR
    window = 100,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
