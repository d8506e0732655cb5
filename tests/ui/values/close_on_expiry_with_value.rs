use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    close_on_expiry = true, //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
