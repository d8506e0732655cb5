use breaker_box::circuit_breaker;

const LIMIT: u32 = 0;

#[circuit_breaker(
    identifier = "payment_api",
    failure_threshold = LIMIT, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
