use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    slow_call_rate = 0.8, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
