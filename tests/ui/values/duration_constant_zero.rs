use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    expiry = EXPIRY, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

const EXPIRY: std::time::Duration = std::time::Duration::ZERO;
