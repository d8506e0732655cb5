use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    expiry = "18446744073709551615s 1000ms", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
