use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    fallback = answer, //~ ERROR
)]
async fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

fn answer(_open: breaker_box::CircuitOpenError, _more: u32) -> Result<(), String> {
    Ok(())
}
