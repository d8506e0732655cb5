use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failure_rate = 0.5, //~ ERROR
    slow_call_rate = 0.8,
    slow_call = "2s",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
