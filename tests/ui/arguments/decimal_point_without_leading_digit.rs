use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    jitter = .5, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
