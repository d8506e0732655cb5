use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    slow_call_rate = 0.8, //~ ERROR
    window = 100,
    on_cancel = "slow",
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
