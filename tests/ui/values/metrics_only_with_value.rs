use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    metrics_only = false, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
