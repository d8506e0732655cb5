use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failure_rate = 0.5,
    window = CALLS, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

const CALLS: usize = 100;
