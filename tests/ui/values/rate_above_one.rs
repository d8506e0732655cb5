use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    slow_call_rate = 1.5, //~ ERROR
    slow_call = "2s",
    window = 100,
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
