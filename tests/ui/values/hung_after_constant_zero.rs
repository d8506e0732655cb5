use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    hung_calls = 10,
    hung_after = PATIENCE, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

const PATIENCE: std::time::Duration = std::time::Duration::ZERO;
