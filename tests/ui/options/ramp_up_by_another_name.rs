use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    slow_start = "30s", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
