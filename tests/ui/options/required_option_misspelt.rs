use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    failures = 5,
    witin = "60s", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
